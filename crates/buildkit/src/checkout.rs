//! This repository: where it is, its boards, its revision.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use board::Board;

use crate::command::{output, tool};

/// The board that is built where none is named: boards/default says it.
pub const DEFAULT_BOARD: &str = include_str!("../../../boards/default").trim_ascii();

/// A checkout.
#[derive(Clone)]
pub struct Repo {
    root: PathBuf,
}

impl Repo {
    /// The checkout that cargo runs this program from, else the one around the current folder.
    pub fn find() -> Result<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir()?,
        };
        let root = start
            .ancestors()
            .find(|folder| folder.join("boards/common/sources.toml").is_file())
            .with_context(|| format!("{} is not in a checkout of tinyrust", start.display()))?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The checkout whose root is this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The root of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the checkout.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.root.join(inside)
    }

    /// A path as it is said in messages: from the root of the checkout.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    /// Where a command keeps its logs until it is done, and the locks of what it writes to out/.
    pub fn logs(&self, command: &str) -> PathBuf {
        self.root.join("out/.logs").join(command)
    }

    /// Copies the files that git knows or would take, as they are now. They keep their times, so
    /// that cargo compiles again only what changed. What else is in the folder stays.
    pub fn copy_to(&self, folder: &Path) -> Result<()> {
        let listed = output(tool("git").arg("-C").arg(&self.root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        ensure!(
            !listed.is_empty(),
            "git lists no file of {}",
            self.root.display()
        );
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (self.path(name), folder.join(name));
            // A file may be deleted and not committed yet.
            let Ok(data) = from.symlink_metadata() else {
                continue;
            };
            fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
            if data.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
                continue;
            }
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            let copied = fs::File::options().write(true).open(&to)?;
            copied.set_modified(data.modified()?)?;
        }
        Ok(())
    }

    /// The folder of a board.
    pub fn board_folder(&self, name: &str) -> PathBuf {
        self.root.join("boards").join(name)
    }

    /// Those of boards/common/`name` and boards/`board`/`name` that exist, in this order.
    pub fn overlays(&self, board: &str, name: &str) -> Vec<PathBuf> {
        let folders = ["common", board].map(|folder| self.board_folder(folder));
        let paths = folders.iter().map(|folder| folder.join(name));
        paths.filter(|path| path.exists()).collect()
    }

    /// The names of all boards.
    pub fn boards(&self) -> Result<Vec<String>> {
        let folder = self.root.join("boards");
        board::names(&folder).with_context(|| format!("cannot read {}", folder.display()))
    }

    /// A board's facts.
    pub fn board(&self, name: &str) -> Result<Board> {
        let known = self.boards()?;
        if !known.iter().any(|board| board == name) {
            bail!("no board {name:?}; there are: {}", known.join(", "));
        }
        // Loaded by the path that people type, so that messages cite it as they know it.
        let path = self.board_folder(name).join("board.toml");
        let text = std::fs::read_to_string(&path)?;
        let board = Board::parse(&text, path.strip_prefix(&self.root)?)?;
        ensure!(
            board.name == name,
            "boards/{name}/board.toml: name = {:?}: a board must have the name of its folder",
            board.name
        );
        Ok(board)
    }

    /// The last commit that changed what decides the image, twelve digits, with `-dirty` where
    /// files differ from it; `unknown` outside git. scripts/revision says what counts, for
    /// Buildroot and Yocto as well.
    pub fn revision(&self) -> String {
        output(&mut tool(self.path("scripts/revision")))
            .map_or_else(|_| "unknown".to_owned(), |said| said.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_board_is_one_of_the_boards() {
        let repo = Repo::find().unwrap();
        assert!(repo.boards().unwrap().iter().any(|b| b == DEFAULT_BOARD));
        assert_eq!(repo.board(DEFAULT_BOARD).unwrap().name, DEFAULT_BOARD);
    }

    #[test]
    fn an_unknown_board_is_answered_with_the_known_ones() {
        let error = Repo::find().unwrap().board("nonesuch").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("nonesuch") && error.contains(DEFAULT_BOARD),
            "{error}"
        );
    }
}
