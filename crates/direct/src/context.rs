//! What every step of a build needs.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use board::{Board, Cc};

use crate::rust_src::Rustc;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::{Log, tool};
use buildkit::files::sorted;
use buildkit::key::sha256_file;
use buildkit::sources::{Source, Sources};
use buildkit::store::Store;
use imagekit::kconfig::Fragment;

/// A build of one board.
pub struct Context {
    /// The checkout.
    pub repo: Repo,
    /// The board.
    pub board: Board,
    /// The cache.
    pub cache: Cache,
    /// How many jobs each make and cargo runs.
    pub jobs: usize,
    /// Programs are packed by UPX.
    pub upx: bool,
    /// A program in the server's place.
    pub server: Option<PathBuf>,
    /// A folder that is laid over the root file system last.
    pub overlay: Option<PathBuf>,
    /// The Rust compiler.
    pub rustc: Rustc,
    /// Which sources.
    pub sources: Sources,
}

/// A source, unpacked and patched.
pub struct Tree {
    /// What it is.
    pub source: Source,
    /// Where it is; nobody writes there.
    pub path: PathBuf,
    /// What names it in the keys of what is made of it: archive and patches.
    pub identity: String,
}

impl Context {
    /// A build of a board of this checkout.
    pub fn new(repo: Repo, board: &str, jobs: Option<usize>) -> Result<Self> {
        // All cores are busy for minutes, and somebody may be working on the machine. Where
        // that is not allowed nothing is lost.
        let _ = rustix::process::nice(10);
        Self::at_full_priority(repo, board, jobs)
    }

    /// The same for who measures time.
    pub fn at_full_priority(repo: Repo, board: &str, jobs: Option<usize>) -> Result<Self> {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        let (cache, rustc) = (Cache::from_environment()?, Rustc::find(repo.root())?);
        cache.uses_entry_of(&rustc.source());
        Ok(Self {
            board: repo.board(board)?,
            cache,
            jobs: jobs.unwrap_or(all).max(1),
            upx: false,
            server: None,
            overlay: None,
            rustc,
            sources: Sources::load(&repo.path("boards/common/sources.toml"))?,
            repo,
        })
    }

    /// The name of the image folder in out/.
    pub fn output_name(&self) -> String {
        match self.server {
            Some(_) => format!("{}.server", self.board.name),
            None => self.board.name.clone(),
        }
    }

    /// The board's C compiler.
    pub fn cc(&self) -> Result<&Cc> {
        Ok(self.board.require(&self.board.cc, "cc")?)
    }

    /// Compiler and linker of the board, with their versions: what they make depends on both.
    pub fn cc_version(&self) -> Result<String> {
        imagekit::build_json::cc_facts(&self.cc()?.prefix)
    }

    /// Fetches and unpacks a source, and applies boards/common/`name`-patches/*.patch and the
    /// board's.
    pub fn tree(&self, name: &str, log: &Log, note: &dyn Fn(String)) -> Result<Tree> {
        let wanted = self.sources.get(name)?;
        let store = Store::new(&self.cache);
        let source = store.fetch(name, wanted, log, note)?;
        let mut patches = Vec::new();
        for folder in self.overlays(&format!("{name}-patches")) {
            patches.extend(sorted(&folder)?);
        }
        patches.retain(|path| path.extension().is_some_and(|end| end == "patch"));
        let path = store.unpack_patched(name, wanted, &source, &patches, log)?;
        let mut identity = source.sha256.clone();
        for patch in &patches {
            identity = format!("{identity} {}", sha256_file(patch)?);
        }
        Ok(Tree {
            source,
            path,
            identity,
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

    /// `make` in a source tree, into a build folder outside it.
    pub fn make(&self, source: &Path, build: &Path) -> std::process::Command {
        let mut make = tool("make");
        make.arg(format!("--jobs={}", self.jobs))
            .arg("-C")
            .arg(source)
            .arg(format!("O={}", build.display()))
            .env("KCONFIG_NOTIMESTAMP", "1")
            // Sources are shared by builds and are not to be written to.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        make
    }
}

/// Maps build folders away, so that `__FILE__` is the same wherever it is built.
pub fn prefix_maps(folders: &[&Path]) -> String {
    folders
        .iter()
        .map(|folder| format!("-ffile-prefix-map={}=.", folder.display()))
        .collect::<Vec<_>>()
        .join(" ")
}
