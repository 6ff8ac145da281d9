//! Builds the programs of crates/sizelab/prices as the board's server is built.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use board::Rust;

use buildkit::cache::Rooms;
use buildkit::command::Log;
use buildkit::sources::Sources;
use buildkit::step::Steps;
use buildkit::store::Store;
use direct::cargo_build;
use direct::cargo_call::{CargoCall, Selection};
use direct::context::Context;
use direct::programs;
use direct::toolchain::Toolchain;

/// Where the programs are.
pub const PACKAGE: &str = "crates/sizelab/prices";

/// A board's compiler, and the folder in which cargo keeps what the programs share.
pub struct Workshop<'a> {
    pub context: &'a Context,
    toolchain: Toolchain,
    log: Log,
}

/// A program of the package, and the features that it is built with.
pub struct Source<'a> {
    pub name: &'a str,
    pub example: bool,
    pub features: String,
    /// A library in C whose source it compiles, by its name in crates/sizelab/sources.toml. The
    /// program's build script finds the folder in a variable of that name.
    pub c_library: Option<&'a str>,
}

impl<'a> Workshop<'a> {
    pub fn open(context: &'a Context) -> Result<Self> {
        let logs = context.repo.logs("prices");
        let steps = Steps::new(&["sources", "toolchain"], &logs);
        steps.stop_on_signals()?;
        Ok(Self {
            context,
            toolchain: programs::toolchain(context, &steps)?,
            log: Log::create(&logs.join("programs.log"))?,
        })
    }

    pub fn rust(&self) -> Result<&Rust> {
        let board = &self.context.board;
        Ok(board.require(&board.rust, "rust")?)
    }

    /// The folder with a source of crates/sizelab/sources.toml.
    fn unpacked(&self, name: &str) -> Result<String> {
        let sources = self.context.repo.path("crates/sizelab/sources.toml");
        let sources = Sources::load(&sources)?;
        let wanted = sources.get(name)?;
        let store = Store::new(&self.context.cache);
        let note = |text| println!("{text}");
        let source = store.fetch(name, wanted, &self.log, &note)?;
        let folder = store.unpack(name, wanted, &source, &self.log)?;
        Ok(folder.display().to_string())
    }

    /// Compiles and strips a program into a folder of this name.
    pub fn build(&self, source: &Source, folder: &str) -> Result<PathBuf> {
        let named = vec![source.name.to_owned()];
        let kind = match source.example {
            true => "--example",
            false => "--bin",
        };
        let selection = Selection {
            examples: match source.example {
                true => named.clone(),
                false => Vec::new(),
            },
            programs: named,
            arguments: [kind, source.name, "--features", &source.features]
                .map(str::to_owned)
                .to_vec(),
        };
        let profile = &self.rust()?.profile;
        let mut call = CargoCall::of(self.context, &self.toolchain, profile, selection)?;
        if let Some(library) = source.c_library {
            let folder = self.unpacked(library)?;
            call.environment.push((library.to_uppercase(), folder));
        }
        let work = self.context.repo.path("out/prices");
        let work = work.join(&self.context.board.name);
        let rooms = Rooms {
            out: &work.join(folder),
            work: &work,
        };
        fs::create_dir_all(rooms.out)?;
        let package = self.context.repo.path(PACKAGE);
        let package = (&*package, "/prices");
        cargo_build::compile(self.context, &call, package, &rooms, &self.log)?;
        cargo_build::strip(&call, &self.toolchain, rooms.out, &self.log)?;
        Ok(rooms.out.join(source.name))
    }
}
