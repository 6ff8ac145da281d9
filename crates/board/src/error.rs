//! What can be wrong with a board.toml.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line in board.toml, from 1.
    pub line: usize,
    /// The problem and the remedy.
    pub message: String,
}

/// A board.toml that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}; name a board.toml, such as boards/<board>/board.toml", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can be read, but is invalid.
    #[error("{}", Listed { path, problems })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All problems, in the order of the file.
        problems: Vec<Problem>,
    },
    /// A table that the caller requires is missing.
    #[error("{}: no [{table}] table, which this command needs: add it", path.display())]
    MissingTable {
        /// The file.
        path: PathBuf,
        /// The table's name without brackets.
        table: &'static str,
    },
}

/// `path:line: message`, one per line.
struct Listed<'a> {
    path: &'a PathBuf,
    problems: &'a [Problem],
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let end = if at + 1 < self.problems.len() {
                "\n"
            } else {
                ""
            };
            write!(
                f,
                "{}:{}: {}{end}",
                self.path.display(),
                problem.line,
                problem.message
            )?;
        }
        Ok(())
    }
}
