//! The device's programs, ready for the image: compiled, packed where that is asked for, the server
//! replaced where another is given. `cargo xtask app` makes them alone.

use std::path::PathBuf;

use anyhow::Result;
use buildkit::command::Log;
use buildkit::made::Made;
use buildkit::step::Steps;

use crate::cargo_build::{self, App};
use crate::cargo_call::{CargoCall, Programs};
use crate::compiler::Compiler;
use crate::context::Context;
use crate::own_crate::{self, Own};
use crate::source_trees::LibcTrees;
use crate::toolchain::{self, Toolchain};
use crate::{replace_server, setup, upx};

/// What is asked for beyond what the board says.
#[derive(Default)]
pub struct Wishes {
    /// A table of app/profiles.toml in place of the board's.
    pub profile: Option<String>,
    /// Programs are packed by UPX.
    pub upx: bool,
    /// A program in the server's place.
    pub server: Option<PathBuf>,
    /// A crate whose program takes the server's place.
    pub own: Option<Own>,
    /// A folder that is laid over the root file system last.
    pub overlay: Option<PathBuf>,
}

impl Wishes {
    /// The size profile.
    pub fn profile<'a>(&'a self, context: &'a Context) -> Result<&'a str> {
        let rust = context.board.require(&context.board.rust, "rust")?;
        Ok(self.profile.as_deref().unwrap_or(&rust.profile))
    }

    /// The name of the image folder in out/.
    pub fn output_name(&self, context: &Context) -> String {
        let end = match (&self.own, &self.server) {
            (Some(_), _) => own_crate::OUTPUT,
            (None, Some(_)) => ".server",
            (None, None) => "",
        };
        format!("{}{end}", context.board.name)
    }
}

/// Builds the programs without an image, and prints where they are and their sizes.
pub fn run(context: &Context, wishes: &Wishes, programs: Programs) -> Result<()> {
    let app = alone(context, wishes, programs)?;
    for name in programs.names() {
        let path = app.program(name);
        let size = board::units::Bytes(std::fs::metadata(&path)?.len());
        println!("{} {size} bytes", path.display());
    }
    Ok(())
}

/// Builds the programs without an image.
pub fn alone(context: &Context, wishes: &Wishes, programs: Programs) -> Result<App> {
    setup::require(&context.board, &context.rustc)?;
    let logs = context.repo.logs(&wishes.output_name(context));
    let steps = Steps::new(&["sources", "toolchain", "app"], &logs);
    steps.stop_on_signals()?;
    let toolchain = toolchain(context, &steps)?;
    steps.run("app", |log| {
        build(context, &toolchain, wishes, programs, log)
    })
}

/// The steps `sources` and `toolchain` of a build that needs no kernel.
pub fn toolchain(context: &Context, steps: &Steps) -> Result<Toolchain> {
    let cc = Compiler::find(&context.board)?;
    let sources = steps.run("sources", |log| {
        LibcTrees::fetch(context, log, &|text| steps.note(&text)).map(Made::new)
    })?;
    steps.run("toolchain", |log| {
        toolchain::build(context, &cc, &sources, log)
    })
}

/// Builds the programs, unless they are in the cache.
pub fn build(
    context: &Context,
    toolchain: &Toolchain,
    wishes: &Wishes,
    programs: Programs,
    log: &Log,
) -> Result<Made<App>> {
    let rust = context.board.require(&context.board.rust, "rust")?;
    if wishes.upx {
        // Said before anything is compiled.
        upx::require(&rust.target)?;
    }
    if let Some(own) = &wishes.own {
        return own.build(context, toolchain, wishes.profile(context)?, log);
    }
    let call = CargoCall::new(context, toolchain, wishes.profile(context)?, programs)?;
    let app = cargo_build::build(context, toolchain, &call, log)?;
    let (repo, cache) = (&context.repo, &context.cache);
    if let Some(server) = &wishes.server {
        return replace_server::replace(cache, &app.value, server, log);
    }
    if wishes.upx {
        return upx::pack(repo, cache, &rust.target, &app.value, programs.names(), log);
    }
    Ok(app)
}
