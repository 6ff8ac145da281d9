//! The result of a check, and its JSON form.
//!
//! The JSON carries its version in `schema`. Within a version keys are only added, so
//! readers must pass over keys they do not know.

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
    /// What is over budget, a message each.
    pub errors: Vec<String>,
    /// What has less headroom than board.toml wants, a message each.
    pub warnings: Vec<String>,
    /// The chip's facts.
    pub flash: FlashFacts,
    /// The whole chip.
    pub chip: ChipRow,
    /// The partitions, in the order of the flash.
    pub partitions: Vec<PartitionRow>,
    /// The slots, in the order of the flash.
    pub slots: Vec<SlotRow>,
    /// The components, in the order of board.toml.
    pub components: Vec<ComponentRow>,
    /// The files that were measured, by name.
    pub images: Vec<Image>,
}

/// Whether a use is within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Fits,
    /// It is, with less headroom than board.toml wants.
    Low,
    /// It takes more than is allowed.
    Over,
}

/// What is used of what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// What it takes.
    pub used: Bytes,
    /// What it may take.
    pub allowed: Bytes,
    /// What is left in bytes; negative: what it is over by.
    pub headroom: i64,
    /// `used` of `allowed`, 1 for all of it, to four decimals.
    pub share: f64,
    /// How it compares.
    pub verdict: Verdict,
    /// The headroom under which it is warned about.
    pub headroom_warning: Option<Bytes>,
    /// The line of board.toml that `allowed` comes from; of a slot without a budget
    /// that of its first partition.
    pub line: usize,
}

/// The chip's facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashFacts {
    /// Its name.
    pub chip: Option<String>,
    /// Its size.
    pub size: Bytes,
    /// The unit in which it is erased.
    pub erase_block: Bytes,
}

/// The whole chip: all images of all partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChipRow {
    /// `used` is what `flashfit assemble` writes other than erased bytes.
    #[serde(flatten)]
    pub usage: Use,
    /// The partitions without an image: room that is meant to be empty in the image.
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
    /// Its image in the image folder; `null`: it is left erased.
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
    /// Its path in that squashfs; `null`: the file's size counts.
    pub path: Option<String>,
    /// Its size, uncompressed.
    pub raw: Bytes,
    /// Whether `used` is exact; else it has a part of a fragment, in proportion.
    pub exact: bool,
    /// What it takes.
    #[serde(flatten)]
    pub usage: Use,
}

/// A file of the image folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its name in the folder.
    pub file: String,
    /// Its size.
    pub bytes: Bytes,
    /// What is in it, where it is a squashfs.
    pub squashfs: Option<SquashfsFacts>,
}

/// What is in a squashfs: the files' bytes less those they share, `metadata` and
/// `padding` are the image's size.
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
    /// Where it is none, or of another version.
    pub fn load(path: &Path) -> Result<Report, super::Error> {
        let error = |message: String| super::Error::Baseline {
            path: path.to_owned(),
            message,
        };
        let again = "make it with `flashfit check --json`";
        let text = std::fs::read_to_string(path)
            .map_err(|source| error(format!("cannot be read: {source}; {again}")))?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|source| error(format!("is no report of a check: {source}; {again}")))?;
        let schema = value
            .get("schema")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("none");
        if schema != SCHEMA {
            return Err(error(format!(
                "has the schema {schema}, {SCHEMA} is read: {again}"
            )));
        }
        serde_json::from_value(value)
            .map_err(|source| error(format!("is no report of a check: {source}; {again}")))
    }

    /// The JSON form, with a line end at its end.
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
