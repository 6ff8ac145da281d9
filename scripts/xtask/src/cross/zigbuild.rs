//! The server built by cargo-zigbuild: zig brings the C library, the compiler and the linker, and
//! no container is needed.

use std::path::PathBuf;

use anyhow::Result;

use super::{Built, Job};
use crate::cargo_build::{self, App};
use crate::cargo_call::CargoCall;
use crate::command::{Log, tool};
use crate::context::Context;
use crate::key::Key;

/// From the Python package index, pinned: another zig is another C library.
const PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];

/// Builds it.
///
/// # Errors
/// When the tools cannot be had, or cargo fails.
pub fn build(job: &Job) -> Result<Built> {
    let Job { context, steps, .. } = job;
    let tools = steps.run("zigbuild", |log| install(context, log))?;
    let call = adapted(job.call);
    let app = steps.run("compile", |log| {
        let direct = cargo_build::key(context, job.toolchain, &call)?;
        let key = Key::new("app-zigbuild", 1)
            .field("direct", direct.digest())
            .field("packages", PACKAGES.join(" "));
        let entry = context.cache.entry("app-zigbuild", &key, log, |rooms| {
            let target_folder = rooms.work.join("target");
            let inherited = std::env::var("PATH").unwrap_or_default();
            let mut command = tool(tools.join("bin/cargo-zigbuild"));
            command
                .current_dir(context.repo.path("app"))
                .arg("zigbuild")
                // The first of its arguments is the subcommand's own name.
                .args(call.arguments.iter().skip(1))
                .envs(call.environment.iter().map(|(name, value)| (name, value)))
                .env(
                    "PATH",
                    format!("{}:{inherited}", tools.join("bin").display()),
                )
                .env("CARGO_ENCODED_RUSTFLAGS", call.encoded_rustflags(&[]))
                .env("CARGO_TARGET_DIR", &target_folder)
                .env("CARGO_ZIGBUILD_CACHE_DIR", rooms.work.join("zigbuild"))
                .env("ZIG_GLOBAL_CACHE_DIR", rooms.work.join("zig"))
                .env("RUSTUP_TOOLCHAIN", &context.rustc.sysroot);
            let printed = Log::create(&rooms.work.join("cargo.log"))?;
            let ran = printed.run(&mut command);
            cargo_build::collect(
                ran,
                &printed,
                &call,
                job.toolchain,
                &target_folder,
                rooms.out,
                log,
            )
        })?;
        Ok((App::at(entry.path), entry.hit))
    })?;
    Ok(Built {
        app,
        tools: PACKAGES.map(|package| package.replace("==", " ")).to_vec(),
    })
}

/// A Python environment with both; whether it was in the cache.
fn install(context: &Context, log: &Log) -> Result<(PathBuf, bool)> {
    let key = Key::new("zigbuild", 1).field("packages", PACKAGES.join(" "));
    let entry = context.cache.entry("zigbuild", &key, log, |rooms| {
        log.run(tool("python3").args(["-m", "venv"]).arg(rooms.out))?;
        log.run(
            tool(rooms.out.join("bin/pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(PACKAGES),
        )
    })?;
    Ok((entry.path, entry.hit))
}

/// The call without what is the direct build's own: linker, C compiler and GCC's run-time.
fn adapted(call: &CargoCall) -> CargoCall {
    let mut call = call.clone();
    call.environment.retain(|(name, _)| {
        !["CARGO_TARGET_", "CC_", "AR_"]
            .iter()
            .any(|own| name.starts_with(own))
    });
    call.rustflags.retain(|flag| flag != "-Clink-arg=-lgcc");
    call.expected.rustflags = call.rustflags.clone();
    call
}
