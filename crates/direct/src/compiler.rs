//! Debian's C compiler for the board, and make as everything in C is built with it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use board::{Board, Runtime};
use buildkit::command::tool;

/// The board's C compiler. It compiles boot loader, kernel and C library.
pub struct Compiler {
    /// What stands before `gcc`.
    pub prefix: String,
    /// The flags that choose the CPU.
    pub cflags: Vec<String>,
    /// Where its run-time functions come from.
    pub runtime: Runtime,
    /// Compiler and linker with their versions: what they make depends on both.
    pub version: String,
}

impl Compiler {
    /// Asks the compiler that board.toml names.
    pub fn find(board: &Board) -> Result<Self> {
        let facts = board.require(&board.cc, "cc")?;
        Ok(Self {
            prefix: facts.prefix.clone(),
            cflags: facts.cflags.clone(),
            runtime: facts.runtime,
            version: imagekit::build_json::cc_facts(&facts.prefix)?,
        })
    }

    /// One of its programs: `gcc`, `ar`.
    pub fn program(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// `make` in a source tree, into a build folder outside it.
pub fn make(jobs: usize, source: &Path, build: &Path) -> Command {
    let mut make = tool("make");
    make.arg(format!("--jobs={jobs}"))
        .arg("-C")
        .arg(source)
        .arg(format!("O={}", build.display()))
        .env("KCONFIG_NOTIMESTAMP", "1")
        // Sources are shared by builds and are not to be written to.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    make
}

/// Maps build folders away, so that `__FILE__` is the same wherever it is built.
pub fn prefix_maps(folders: &[&Path]) -> String {
    folders
        .iter()
        .map(|folder| format!("-ffile-prefix-map={}=.", folder.display()))
        .collect::<Vec<_>>()
        .join(" ")
}
