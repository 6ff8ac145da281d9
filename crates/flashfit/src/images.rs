//! The image folder: the finished files of a build, whoever built them.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use board::Board;
use board::units::Bytes;

/// A folder with the files that board.toml names.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

/// A file that is needed and cannot be had.
#[derive(Debug, thiserror::Error)]
pub struct Unusable {
    /// The partition or component that needs it.
    pub who: String,
    /// The file.
    pub path: PathBuf,
    /// `path:line` of who needs it.
    pub at: String,
    /// What the system said.
    pub source: io::Error,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unusable {
            who,
            path,
            at,
            source,
        } = self;
        let path = path.display();
        if source.kind() == io::ErrorKind::NotFound {
            write!(
                f,
                "{who}: needs {path}, which is not there ({at}): build it, or correct its name"
            )
        } else {
            write!(f, "{who}: needs {path} ({at}): {source}")
        }
    }
}

impl Images {
    /// The folder of that path.
    ///
    /// # Errors
    ///
    /// Where it is no folder.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Images> {
        let folder = folder.into();
        if std::fs::metadata(&folder)?.is_dir() {
            Ok(Images { folder })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// Where `file` is.
    #[must_use]
    pub fn path(&self, file: &Path) -> PathBuf {
        self.folder.join(file)
    }

    /// Opens `file`, which `who` in `line` of board.toml needs.
    ///
    /// # Errors
    ///
    /// Where it is not there, or is no regular file.
    pub fn file(
        &self,
        board: &Board,
        file: &Path,
        who: &str,
        line: usize,
    ) -> Result<(File, Bytes), Unusable> {
        let path = self.path(file);
        let open = || {
            let file = File::open(&path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(io::Error::other("it is no regular file"));
            }
            Ok((file, Bytes(metadata.len())))
        };
        open().map_err(|source| Unusable {
            who: who.to_owned(),
            path: path.clone(),
            at: board.at(line),
            source,
        })
    }
}
