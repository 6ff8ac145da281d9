//! What can be wrong with a board.toml.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line in board.toml, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// A board.toml that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}; name a board.toml, as in boards/<board>/board.toml", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can be read and says something that cannot be.
    #[error("{}", Listed { path, problems })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
    /// A table that this caller needs is not there.
    #[error("{}: no [{table}] table, which this command needs: add it", path.display())]
    MissingTable {
        /// The file.
        path: PathBuf,
        /// The table's name without brackets.
        table: &'static str,
    },
}

/// `path:line: message`, a line each.
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
