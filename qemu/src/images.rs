//! Image folders: what a builder leaves behind, see [`ImageFolder`].

use std::path::{Path, PathBuf};

use board::Board;
use buildkit::checkout::{DEFAULT_BOARD, Repo};

use crate::error::Error;

/// The environment variable that names the image folder for the tests.
pub const IMAGES_VARIABLE: &str = "TINYRUST_IMAGES";

/// The environment variable that names the board for the tests, where the other does not say
/// a folder.
pub const BOARD_VARIABLE: &str = "TINYRUST_BOARD";

/// A folder with a `board.toml` and the `flash.bin` that was made for it. Who built
/// it, Buildroot, Yocto or `cargo xtask image`, makes no difference.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    path: PathBuf,
    board: Board,
}

impl ImageFolder {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// When a file is missing (the message says which command makes it), when
    /// board.toml is wrong or has no `[qemu]` table, or when flash.bin has not the
    /// chip's size.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let path = path.canonicalize().unwrap_or(path);
        for file in ["board.toml", "flash.bin"] {
            let file = path.join(file);
            if !file.is_file() {
                let command = match path.file_name().and_then(|name| name.to_str()) {
                    Some(name) if path.parent() == Some(&out_folder()) => {
                        format!("cargo xtask image --board {name}")
                    }
                    _ => format!("cargo xtask image --board {DEFAULT_BOARD}"),
                };
                return Err(Error::NoImage {
                    path: file,
                    command,
                });
            }
        }
        let board = Board::load(path.join("board.toml"))?;
        board.emulator()?;
        let flash = path.join("flash.bin");
        let size = std::fs::metadata(&flash)
            .map_err(Error::io(flash.display()))?
            .len();
        let chip = board.flash.size.0;
        if size != chip {
            return Err(Error::FlashSize {
                path: flash,
                size,
                chip,
            });
        }
        Ok(Self { path, board })
    }

    /// The folder of `board` that the direct build makes.
    ///
    /// # Errors
    /// As [`open`](Self::open), and where there is neither such a folder nor such a board.
    pub fn of_board(board: &str) -> Result<Self, Error> {
        let folder = out_folder().join(board);
        let known = boards();
        // `malta.crate` is an image of malta.
        let name = board.split('.').next().unwrap_or(board);
        if !folder.exists() && !known.iter().any(|known| known == name) {
            return Err(Error::NoBoard {
                name: board.to_owned(),
                known: known.join(", "),
            });
        }
        Self::open(folder)
    }

    /// The folder that [`IMAGES_VARIABLE`] names, else that of the board that
    /// [`BOARD_VARIABLE`] names, else the default board's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_environment() -> Result<Self, Error> {
        match std::env::var_os(IMAGES_VARIABLE) {
            Some(path) => Self::open(path),
            None => Self::of_board(
                &std::env::var(BOARD_VARIABLE).unwrap_or_else(|_| DEFAULT_BOARD.to_owned()),
            ),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in the folder.
    #[must_use]
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The board's facts.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The board's emulator.
    ///
    /// # Panics
    /// Never: a folder whose board.toml has no `[qemu]` is not opened.
    #[must_use]
    pub fn emulator(&self) -> board::Emulator<'_> {
        self.board.emulator().expect("looked for in `open`")
    }
}

/// Where the direct build puts its image folders.
fn out_folder() -> PathBuf {
    checkout().join("out")
}

/// The checkout that it runs in; outside of any, the one that it was compiled in.
fn checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    match Repo::find() {
        Ok(repo) => repo.root().to_owned(),
        Err(_) => package.parent().unwrap_or(package).to_owned(),
    }
}

/// The boards that can be built here; none where the checkout is gone.
fn boards() -> Vec<String> {
    board::names(&checkout().join("boards")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_says_which_command_makes_it() {
        let folder = out_folder().join("no-such-image");
        let error = ImageFolder::open(folder).expect_err("no such folder");
        let message = error.to_string();
        assert!(
            message.contains("cargo xtask image --board no-such-image"),
            "{message}"
        );
        assert!(message.contains("board.toml"), "{message}");
    }

    #[test]
    fn an_unknown_board_is_answered_with_the_known_ones() {
        let error = ImageFolder::of_board("no-such-board").expect_err("no such board");
        let message = error.to_string();
        assert!(
            message.contains("no-such-board") && message.contains(DEFAULT_BOARD),
            "{message}"
        );
    }
}
