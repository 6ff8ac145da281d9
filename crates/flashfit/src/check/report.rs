//! The result of a check, and its JSON form.
//!
//! `schema` is the version of the JSON. Within a version, keys are only added, so readers
//! must ignore unknown keys.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::squashfs::File;
use board::units::{Bytes, Offset};

/// The version of the JSON form.
pub const SCHEMA: &str = "flashfit-check/1";

/// What a check found. Sizes and offsets are bytes; lines are those of board.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: String,
    /// The board's name.
    pub board: String,
    /// Whether nothing is over budget.
    pub fits: bool,
    /// A message for each part that is over budget.
    pub errors: Vec<String>,
    /// A message for each part with less headroom than `headroom-warning`.
    pub warnings: Vec<String>,
    /// The chip.
    pub flash: FlashFacts,
    /// The whole chip.
    pub chip: ChipRow,
    /// The partitions, in flash order.
    pub partitions: Vec<PartitionRow>,
    /// The slots, in flash order.
    pub slots: Vec<SlotRow>,
    /// The components, in board.toml's order.
    pub components: Vec<ComponentRow>,
    /// The files that were measured, by name.
    pub images: Vec<Image>,
}

/// The result of comparing a use with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Within the limit.
    Fits,
    /// Within the limit, but with less headroom than `headroom-warning`.
    Low,
    /// Over the limit.
    Over,
}

/// Used and allowed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// The bytes used.
    pub used: Bytes,
    /// The limit.
    pub allowed: Bytes,
    /// The bytes left; if negative, the bytes over the limit.
    pub headroom: i64,
    /// `used` divided by `allowed`, to four decimals.
    pub share: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// The headroom below which `check` warns.
    pub headroom_warning: Option<Bytes>,
    /// The line of board.toml with the limit; for a slot without a budget, the line of its
    /// first partition.
    pub line: usize,
}

/// The chip's facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashFacts {
    /// Its name.
    pub chip: Option<String>,
    /// Its size.
    pub size: Bytes,
    /// Its erase block.
    pub erase_block: Bytes,
}

/// The whole chip: the images of all partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChipRow {
    /// `used` is what `flashfit assemble` writes other than erased bytes.
    #[serde(flatten)]
    pub usage: Use,
    /// The partitions without an image, which stay erased.
    pub erased: Bytes,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartitionRow {
    /// Its name.
    pub name: String,
    /// Its number on the device.
    pub mtd: usize,
    /// Its first byte.
    pub offset: Offset,
    /// Its size; `allowed` is less where it has a budget.
    pub size: Bytes,
    /// Its slot.
    pub slot: Option<String>,
    /// Its image in the image folder; `null` if it stays erased.
    pub image: Option<String>,
    /// What it takes.
    #[serde(flatten)]
    pub usage: Use,
}

/// A slot: the images of its partitions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotRow {
    /// Its name.
    pub name: String,
    /// The names of its partitions.
    pub partitions: Vec<String>,
    /// What it takes.
    #[serde(flatten)]
    pub usage: Use,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentRow {
    /// Its name.
    pub name: String,
    /// The file in the image folder.
    pub file: String,
    /// Its path in that squashfs; `null` if the file's size counts.
    pub path: Option<String>,
    /// Its size, uncompressed.
    pub raw: Bytes,
    /// Whether `used` is exact; otherwise it includes a proportional part of a fragment.
    pub exact: bool,
    /// What it takes.
    #[serde(flatten)]
    pub usage: Use,
}

/// A file in the image folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its name in the folder.
    pub file: String,
    /// Its size.
    pub bytes: Bytes,
    /// Its contents, if it is a squashfs.
    pub squashfs: Option<SquashfsFacts>,
}

/// The contents of a squashfs. The files' bytes less their shared bytes, `metadata` and
/// `padding` add up to the image's size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SquashfsFacts {
    /// `xz`, `gzip`, `zstd`, `lz4`
    pub compressor: String,
    /// The size of an uncompressed block.
    pub block_size: Bytes,
    /// All tables of the file system, compressed.
    pub metadata: Bytes,
    /// The bytes after its end.
    pub padding: Bytes,
    /// Its regular files, by path.
    pub files: Vec<File>,
}

impl Report {
    /// Reads the JSON form; `path` is the file's, for errors.
    ///
    /// # Errors
    ///
    /// If the text is not a report, or has another version.
    pub fn load(path: &Path) -> Result<Report, super::Error> {
        let error = |message: String| super::Error::Baseline {
            path: path.to_owned(),
            message,
        };
        let again = "make it with `flashfit check --json`";
        let text = std::fs::read_to_string(path)
            .map_err(|source| error(format!("cannot be read: {source}; {again}")))?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|source| error(format!("is not a report of a check: {source}; {again}")))?;
        let schema = value
            .get("schema")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("none");
        if schema != SCHEMA {
            return Err(error(format!(
                "has the schema {schema}, this program reads {SCHEMA}: {again}"
            )));
        }
        serde_json::from_value(value)
            .map_err(|source| error(format!("is not a report of a check: {source}; {again}")))
    }

    /// The JSON form, with a final line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them: there is nothing that JSON cannot say.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The image of that name.
    #[must_use]
    pub fn image(&self, file: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.file == file)
    }

    /// The component of that name.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&ComponentRow> {
        self.components
            .iter()
            .find(|component| component.name == name)
    }

    /// The partition of that name.
    #[must_use]
    pub fn partition(&self, name: &str) -> Option<&PartitionRow> {
        self.partitions
            .iter()
            .find(|partition| partition.name == name)
    }
}
