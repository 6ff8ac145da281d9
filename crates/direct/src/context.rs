//! What every step of a build needs.

use std::path::PathBuf;
use std::sync::Once;

use anyhow::{Result, ensure};
use board::Board;

use crate::rust_src::Rustc;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use imagekit::kconfig::Fragment;

/// A build of one board.
pub struct Context {
    /// The checkout.
    pub repo: Repo,
    /// The board.
    pub board: Board,
    /// The text of its board.toml, where that is not the board folder's.
    pub board_toml: Option<String>,
    /// The cache.
    pub cache: Cache,
    /// How many jobs each make and cargo runs.
    pub jobs: usize,
    /// The Rust compiler.
    pub rustc: Rustc,
}

impl Context {
    /// A build of a board of this checkout.
    pub fn new(repo: Repo, board: &str, jobs: Option<usize>) -> Result<Self> {
        // All cores are busy for minutes, and somebody may be working on the machine. Where
        // that is not allowed nothing is lost.
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let _ = rustix::process::nice(10);
        });
        Self::at_full_priority(repo, board, jobs)
    }

    /// The same for who measures time.
    pub fn at_full_priority(repo: Repo, board: &str, jobs: Option<usize>) -> Result<Self> {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        let (cache, rustc) = (Cache::from_environment()?, Rustc::find(repo.root())?);
        cache.uses_entry_of(&rustc.source());
        Ok(Self {
            board: repo.board(board)?,
            board_toml: None,
            cache,
            jobs: jobs.unwrap_or(all).max(1),
            rustc,
            repo,
        })
    }

    /// The same build with another map.
    pub fn with_map(&self, board_toml: String) -> Result<Self> {
        Ok(Self {
            board: Board::parse(&board_toml, &self.board.path)?,
            board_toml: Some(board_toml),
            repo: self.repo.clone(),
            cache: Cache::open(self.cache.root())?,
            jobs: self.jobs,
            rustc: self.rustc.clone(),
        })
    }

    /// The fragments of that name that concern the board: all boards' and its own.
    pub fn fragments(&self, name: &str) -> Result<Vec<Fragment>> {
        let mut found = Vec::new();
        for path in self.overlays(name) {
            let shown = self.repo.shown(&path).to_string();
            found.push(Fragment::load(&path, shown.into())?);
        }
        ensure!(!found.is_empty(), "no fragment boards/common/{name}");
        Ok(found)
    }

    /// Those of boards/common/`name` and boards/`board`/`name` that exist, in this order.
    pub fn overlays(&self, name: &str) -> Vec<PathBuf> {
        self.repo.overlays(&self.board.name, name)
    }
}
