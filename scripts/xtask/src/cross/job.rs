//! A server compiled by somebody else's cargo, as the direct build would compile it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::cargo_build::{self, App};
use crate::cargo_call::CargoCall;
use crate::command::Log;
use crate::context::Context;
use crate::key::Key;
use crate::step::Steps;
use crate::toolchain::Toolchain;

/// What builds the server, and what was asked for.
pub struct Job<'a> {
    pub context: &'a Context,
    pub toolchain: &'a Toolchain,
    pub call: &'a CargoCall,
    pub steps: &'a Steps,
}

impl Job<'_> {
    /// The server by `command`, which is told what the direct build's cargo is told; from the
    /// cache folder `kind` where `key` and the direct build's inputs are the same. `command` gets a
    /// folder for scratch files and the step's log.
    ///
    /// # Errors
    /// When it fails, or cargo did not give rustc what it was told.
    pub fn compile(
        &self,
        kind: &str,
        key: Key,
        call: &CargoCall,
        command: impl Fn(&Path, &Log) -> Result<Command>,
    ) -> Result<App> {
        let context = self.context;
        self.steps.run("compile", |log| {
            let direct = cargo_build::key(context, self.toolchain, call)?;
            let key = key.field("direct", direct.digest());
            let entry = context.cache.entry(kind, &key, log, |rooms| {
                let target_folder = rooms.work.join("target");
                let mut command = command(rooms.work, log)?;
                command
                    .current_dir(context.repo.path("app"))
                    .envs(call.environment.iter().map(|(name, value)| (name, value)))
                    .env("CARGO_TARGET_DIR", &target_folder)
                    // By its path: in rustup's list the one that is active bears a mark that
                    // cross does not know, and it would have rustup install it again.
                    .env("RUSTUP_TOOLCHAIN", &context.rustc.sysroot);
                let printed = Log::create(&rooms.work.join("cargo.log"))?;
                let ran = printed.run(&mut command);
                cargo_build::collect(
                    ran,
                    &printed,
                    call,
                    self.toolchain,
                    &target_folder,
                    rooms.out,
                    log,
                )
            })?;
            Ok((App::at(entry.path), entry.hit))
        })
    }
}

/// A server and the versions of what made it.
pub struct Built {
    pub app: App,
    pub tools: Vec<String>,
}
