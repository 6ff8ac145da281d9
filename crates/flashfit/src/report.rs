//! Where the bytes of a flash chip went: a tree from the chip down to the function.
//!
//! Each [`Node`] has two sizes: `raw`, uncompressed, and `on_flash`, which its bytes take in the
//! compressed image. The children of a node always add up to it, to the byte. A compressed
//! stream gives every byte of its output a price, the bits that the decoder consumed to produce
//! it; `on_flash` adds up those prices. What the image would shrink by without a node is a
//! different figure, since other parts may refer to its bytes: where it was measured, by
//! compressing the image again, it stands beside the first as `if_removed`.

mod node;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::check;
use board::units::Bytes;
pub use node::{Draft, Kind, Method, Node, UNIT, fingerprint};

/// The version of the JSON form.
pub const SCHEMA: &str = "flashfit-report/1";

/// A report on an image or an image folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: String,
    /// The board's name, or the file's.
    pub name: String,
    /// The chip, if it is known.
    pub flash: Option<Flash>,
    /// The source revision that the image was built from, if the image folder tells.
    pub revision: Option<String>,
    /// The result of `flashfit check` without its list of images, if there is a board.toml.
    pub check: Option<check::Report>,
    /// The whole image.
    pub root: Node,
    /// What the reader should know, such as a program without symbols.
    pub warnings: Vec<String>,
}

/// A flash chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Its size.
    pub size: Bytes,
    /// What it erases at once.
    pub erase_block: Bytes,
}

/// A file that is not a report.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; make it with `flashfit report --json`")]
pub struct NotAReport {
    path: String,
    reason: String,
}

impl Report {
    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not a report, or has another version.
    pub fn load(path: &Path) -> Result<Report, NotAReport> {
        let error = |reason: String| NotAReport {
            path: path.display().to_string(),
            reason,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|source| error(format!("cannot be read: {source}")))?;
        let report: Report = serde_json::from_str(&text)
            .map_err(|source| error(format!("is not a report: {source}")))?;
        match report.schema.as_str() {
            SCHEMA => Ok(report),
            other => Err(error(format!(
                "has the schema {other}, this program reads {SCHEMA}"
            ))),
        }
    }

    /// The JSON form, with a final line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them: there is nothing that JSON cannot say.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
