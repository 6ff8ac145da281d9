//! Budgets held against the finished images.
//!
//! [`check`] measures what board.toml bounds (partitions, slots, the chip, components)
//! and gives a [`Report`], which is also what `flashfit check --json` prints.

mod changes;
mod contents;
mod measure;
mod report;
mod rows;
mod suggest;
mod table;

use std::path::PathBuf;

pub use changes::since;
pub use report::{
    ChipRow, ComponentRow, FlashFacts, Image, PartitionRow, Report, SCHEMA, SlotRow, SquashfsFacts,
    Use, Verdict,
};
pub use suggest::suggestions;
pub use table::table;

use crate::images::{Images, Unusable};
use crate::squashfs;
use board::Board;

/// Images that cannot be measured: bad input, not a budget that is exceeded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Everything that is missing or cannot be taken apart.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Inputs(Vec<InputError>),
    /// The earlier report cannot be used.
    #[error("{}: {message}", path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

/// One thing that cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file is not there, or is none that can be used.
    #[error(transparent)]
    File(#[from] Unusable),
    /// A component's path cannot be looked up, since the file is not taken apart.
    #[error(
        "{who}: needs {path} in {} ({at}), which is {what}: flashfit looks inside a squashfs with gzip, \
         xz, zstd or lz4 only. Build it as one, or remove `path` and budget the whole file",
        file.display()
    )]
    Closed {
        /// The component.
        who: String,
        /// Its path.
        path: String,
        /// The file.
        file: PathBuf,
        /// `path:line` of the component.
        at: String,
        /// What the file is.
        what: String,
    },
    /// A component's path is a file without a byte, or a folder without one in it, as a
    /// build step that failed leaves one.
    #[error("{who}: needs {what} ({at}), which is empty: build it again, or correct its `path`")]
    Empty {
        /// The component.
        who: String,
        /// Its path and its image.
        what: String,
        /// `path:line` of the component.
        at: String,
    },
    /// A component's path has no content in its image. A component that cannot be
    /// found has not become smaller: its budget would pass without being measured.
    #[error("{who}: needs {what} ({at}), and {source}{}", hint(source))]
    Path {
        /// The component.
        who: String,
        /// Its path and its image.
        what: String,
        /// `path:line` of the component.
        at: String,
        /// Why there is none.
        source: squashfs::PathError,
    },
}

fn hint(error: &squashfs::PathError) -> &'static str {
    match error {
        squashfs::PathError::Symlink { .. } => "",
        _ => ": correct its `path`, or put the file into the image",
    }
}

/// Measures the images and holds them against their budgets. With `baseline`, what is
/// over budget names what grew since; without, what is largest in it.
///
/// # Errors
///
/// Where something that board.toml bounds is not there or cannot be measured. What is
/// over budget is no error here: see [`Report::fits`].
pub fn check(board: &Board, images: &Images, baseline: Option<&Report>) -> Result<Report, Error> {
    let measured = measure::measure(board, images).map_err(Error::Inputs)?;
    Ok(rows::report(board, measured, baseline))
}
