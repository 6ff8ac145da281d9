//! What can go wrong with a booted device.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnosis::Diagnosis;

/// What can go wrong with a booted device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody can build that board.
    #[error("no board {name:?}; there are: {known}")]
    NoBoard {
        /// What was asked for.
        name: String,
        /// The boards that can be built.
        known: String,
    },
    /// A file of the image folder is not there.
    #[error("{}: no such file; `{command}` creates it", path.display())]
    NoImage {
        /// The file.
        path: PathBuf,
        /// The command that makes the folder.
        command: String,
    },
    /// The folder's board.toml cannot be used.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// The flash image does not fit the chip.
    #[error(
        "{}: {size} bytes, but the flash chip has {chip} (board.toml): assemble it with this \
         board.toml",
        path.display()
    )]
    FlashSize {
        /// The image.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The chip's size in bytes.
        chip: u64,
    },
    /// The flash chip has no partition of that name.
    #[error("board.toml has no partition `{0}`")]
    NoPartition(String),
    /// QEMU cannot be started.
    #[error("{binary}: {source}; install Debian's package {package}")]
    Spawn {
        /// QEMU's program.
        binary: String,
        /// The package that brings it.
        package: String,
        /// What the system said.
        source: io::Error,
    },
    /// The device did not do what was waited for.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// It only makes sense while the device is off.
    #[error("the device is on: {0} needs it off")]
    PowerIsOn(&'static str),
    /// It only makes sense while the device is on.
    #[error("the device is off: {0} needs it on")]
    PowerIsOff(&'static str),
    /// The server gave no usable answer.
    #[error("{url}: {reason}")]
    Http {
        /// What was asked for.
        url: String,
        /// What came instead.
        reason: String,
    },
    /// The host's system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Adds what was being done to what the system said.
    pub(crate) fn io(doing: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing: doing.to_string(),
            source,
        }
    }

    /// Why a wait ended, where it was one that failed.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        match self {
            Self::Failed(failure) => Some(&failure.diagnosis),
            _ => None,
        }
    }
}

/// A wait that ended without what was waited for: all that helps to see why.
#[derive(Debug)]
pub struct Failure {
    /// What was waited for.
    pub waited_for: String,
    /// How long.
    pub waited: Duration,
    /// Why the wait ended.
    pub diagnosis: Diagnosis,
    /// The console's last lines, oldest first.
    pub last_lines: Vec<String>,
    /// The file with everything the console said.
    pub log: PathBuf,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "waited {:.1} s for {}: {}",
            self.waited.as_secs_f64(),
            self.waited_for,
            self.diagnosis
        )?;
        if self.last_lines.is_empty() {
            writeln!(f, "the console printed nothing")?;
        } else {
            writeln!(f, "the console's last {} lines:", self.last_lines.len())?;
            for line in &self.last_lines {
                writeln!(f, "  | {line}")?;
            }
        }
        write!(f, "complete log: {}", self.log.display())
    }
}
