//! Where the bytes of a flash chip went: a tree from the chip down to the function.
//!
//! Each [`Node`] has two sizes: `raw`, uncompressed, and `on_flash`, which its bytes take in the
//! compressed image. The children of a node always add up to it, to the byte. A compressed
//! stream gives every byte of its output a price, the bits that the decoder consumed to produce
//! it; `on_flash` adds up those prices. What the image would shrink by without a node is a
//! different figure, since other parts may refer to its bytes: where it was measured, by
//! compressing the image again, it stands beside the first as `if_removed`.

mod build;
mod content;
mod costed;
mod files;
mod node;
mod packages;
mod program;
mod removal;
pub mod text;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::check;
use board::units::Bytes;
pub use build::{Options, build};
pub use node::{Kind, Method, Node, fingerprint};
pub use removal::Without;

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
    /// The bytes that no node takes but `shared and padding`, and those of a program that no symbol
    /// names, less erased flash.
    pub unattributed: Bytes,
    /// What the image would shrink by without the parts that were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
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

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The image folder or one of its files cannot be used.
    #[error(transparent)]
    Image(#[from] crate::images::Unusable),
    /// The board.toml is invalid.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// The check of the budgets cannot be made.
    #[error(transparent)]
    Check(#[from] check::Error),
    /// Nothing to report on.
    #[error(
        "{}: has no image that flashfit knows: name the folder that the build filled, or a file",
        .0.display()
    )]
    Nothing(PathBuf),
    /// The image contradicts itself.
    #[error("{what}: {source}")]
    Damaged {
        /// The image.
        what: String,
        /// What is wrong.
        source: crate::parts::Damage,
    },
    /// A compressed part cannot be unpacked.
    #[error(transparent)]
    Packed(#[from] bitcost::Error),
    /// A file system whose tables contradict its blocks.
    #[error("{0}: its data lie outside the blocks of the file system: build the image again")]
    Outside(String),
    /// The file with the symbols does not fit the program.
    #[error("{what}: the symbols in {} do not fit: {source}", symbols.display())]
    Symbols {
        /// The program.
        what: String,
        /// The file with the symbols.
        symbols: PathBuf,
        /// Why.
        source: Box<symbolmap::Error>,
    },
    /// A selector that selects nothing.
    #[error(
        "no part is named `{0}`: `flashfit report --tree` shows the names; write them from the \
         outside in, as in `busybox > networking > wget.o`, with * for any text"
    )]
    NoSuchPart(String),
    /// A part in a stream that cannot be compressed again.
    #[error("{0}: lies in a compressed stream for which flashfit has no compressor")]
    NotPacked(String),
    /// An error within a part.
    #[error("{part}: {source}")]
    Within {
        /// The part.
        part: String,
        /// The error.
        source: Box<Error>,
    },
    /// The list of packages is not one.
    #[error(
        "{}:{line}: `{text}` is not `package,./path`: name Buildroot's packages-file-list.txt or \
         Yocto's pkgdata folder",
        path.display()
    )]
    Packages {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The line's text.
        text: String,
    },
}

impl Error {
    /// The error, as one within `part`.
    fn within(self, part: &str) -> Error {
        match self {
            Error::Damaged { ref what, .. } if what == part => self,
            source => Error::Within {
                part: part.to_owned(),
                source: Box::new(source),
            },
        }
    }
}

/// The results of `work` for each item, in their order, made on all processors.
fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut results = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match items.get(at) {
                Some(item) => results.push((at, work(item))),
                None => return results,
            }
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors.min(items.len()))
            .map(|_| scope.spawn(run))
            .collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results
            .flat_map(|results| results.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
