//! The finished images, compared with their budgets.
//!
//! [`check`] measures everything that has a limit in board.toml (partitions, slots, the
//! chip, components) and returns a [`Report`], which `flashfit check --json` also prints.

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
pub use suggest::{suggestions, unexplained};
pub use table::table;

use crate::images::{Images, Unusable};
use crate::squashfs;
use board::Board;

/// Images that cannot be measured: invalid input, not an exceeded budget.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Everything that is missing or cannot be read.
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
    /// A file does not exist or cannot be used.
    #[error(transparent)]
    File(#[from] Unusable),
    /// A component has a path in a file whose contents flashfit cannot read.
    #[error(
        "{who}: needs {path} in {} ({at}), which is {what}: flashfit reads only a squashfs of \
         version 4.0. Build one, or remove `path` and budget the whole file",
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
    /// A component's path is an empty file, or a folder of empty files, such as a failed
    /// build step leaves.
    #[error("{who}: needs {what} ({at}), which is empty: build it again, or correct its `path`")]
    Empty {
        /// The component.
        who: String,
        /// Its path and its image.
        what: String,
        /// `path:line` of the component.
        at: String,
    },
    /// A component's path has no content in its image. This is an error, not zero bytes,
    /// because the budget would pass unmeasured.
    #[error("{who}: needs {what} ({at}), but {source}{}", hint(source))]
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
        _ => "; correct its `path`, or put the file into the image",
    }
}

/// Measures the images and compares them with their budgets. A message about an exceeded
/// budget names what grew since `baseline` or, without one, the largest contents.
///
/// # Errors
///
/// If something with a limit in board.toml does not exist or cannot be measured. An
/// exceeded budget is not an error here: see [`Report::fits`].
pub fn check(board: &Board, images: &Images, baseline: Option<&Report>) -> Result<Report, Error> {
    let measured = measure::measure(board, images).map_err(Error::Inputs)?;
    Ok(rows::report(board, measured, baseline))
}
