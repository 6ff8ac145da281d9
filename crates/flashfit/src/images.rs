//! The image folder: the finished files of a build, from any builder.

mod content;
pub(crate) mod fdt;
mod kind;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use board::Board;
use board::units::Bytes;

pub use content::Content;
use content::Damage;

/// A folder with the files that board.toml names.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

/// A finished file of the folder, complete as far as its own header tells.
#[derive(Debug)]
pub struct Image {
    /// The file, at its start.
    pub file: File,
    /// Its size.
    pub bytes: Bytes,
    /// What it holds.
    pub content: Content,
}

/// A required file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub struct Unusable {
    /// The partition or component that needs it.
    pub who: String,
    /// The file.
    pub path: PathBuf,
    /// `path:line` of the partition or component.
    pub at: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a file cannot be used.
#[derive(Debug)]
pub enum Reason {
    /// What the system said.
    Io(io::Error),
    /// It is empty: a failed build step leaves such a file, which would fit every budget.
    Empty,
    /// It is cut short, or its tables contradict themselves.
    Damaged(String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unusable {
            who,
            path,
            at,
            reason,
        } = self;
        let path = path.display();
        match reason {
            Reason::Io(error) if error.kind() == io::ErrorKind::NotFound => write!(
                f,
                "{who}: needs {path}, which does not exist ({at}): build it, or correct its name"
            ),
            Reason::Io(error) => write!(f, "{who}: needs {path} ({at}): {error}"),
            Reason::Empty => write!(
                f,
                "{who}: needs {path}, which is empty ({at}): build it again, or remove `image` \
                 to leave the partition erased"
            ),
            Reason::Damaged(what) => write!(f, "{who}: needs {path} ({at}), which {what}"),
        }
    }
}

impl Images {
    /// Opens the folder at that path.
    ///
    /// # Errors
    ///
    /// If it is not a folder.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Images> {
        let folder = folder.into();
        if std::fs::metadata(&folder)?.is_dir() {
            Ok(Images { folder })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// The path of `file`.
    #[must_use]
    pub fn path(&self, file: &Path) -> PathBuf {
        self.folder.join(file)
    }

    /// The source revision that the builder wrote into build.json, if it did.
    #[must_use]
    pub fn revision(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Build {
            git_revision: Option<String>,
        }
        let text = std::fs::read_to_string(self.folder.join("build.json")).ok()?;
        serde_json::from_str::<Build>(&text).ok()?.git_revision
    }

    /// Opens `file`, which `who` in `line` of board.toml needs, and checks it as far as its
    /// header allows. All commands get images from here, so that none accepts what another
    /// rejects.
    ///
    /// # Errors
    ///
    /// If it does not exist, is not a regular file, is empty, is cut short or damaged.
    pub fn image(
        &self,
        board: &Board,
        file: &Path,
        who: &str,
        line: usize,
    ) -> Result<Image, Unusable> {
        let path = self.path(file);
        let open = || {
            // Before it is opened: a pipe would be waited for.
            let metadata = std::fs::metadata(&path).map_err(Reason::Io)?;
            if !metadata.is_file() {
                let error = io::Error::other("it is not a regular file");
                return Err(Reason::Io(error));
            }
            if metadata.len() == 0 {
                return Err(Reason::Empty);
            }
            let file = File::open(&path).map_err(Reason::Io)?;
            let bytes = Bytes(metadata.len());
            let content = Content::read(&file, bytes).map_err(|damage| match damage {
                Damage::Io(error) => Reason::Io(error),
                Damage::Is(what) => Reason::Damaged(what),
            })?;
            Ok(Image {
                file,
                bytes,
                content,
            })
        };
        open().map_err(|reason| Unusable {
            who: who.to_owned(),
            path: path.clone(),
            at: board.at(line),
            reason,
        })
    }
}
