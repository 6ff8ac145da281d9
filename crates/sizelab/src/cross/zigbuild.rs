//! The server built by cargo-zigbuild: zig brings the C library, the compiler and the linker, and
//! no container is needed.

use std::path::PathBuf;

use anyhow::Result;

use super::job::{Built, Job};
use buildkit::command::{Log, tool};
use buildkit::key::Key;
use buildkit::made::Made;
use direct::cargo_call::CargoCall;
use direct::context::Context;

/// From the Python package index, pinned: another zig is another C library.
const PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];

pub fn build(job: &Job) -> Result<Built> {
    let Job { context, steps, .. } = job;
    let tools = steps.run("zigbuild", |log| install(context, log))?;
    let call = adapted(job.call);
    let key = Key::new("app-zigbuild", 2).field("packages", PACKAGES.join(" "));
    let app = job.compile("app-zigbuild", key, &call, None, |work, _| {
        let inherited = std::env::var("PATH").unwrap_or_default();
        let mut command = tool(tools.join("bin/cargo-zigbuild"));
        command
            .arg("zigbuild")
            // The first of its arguments is the subcommand's own name.
            .args(call.arguments.iter().skip(1))
            .env(
                "PATH",
                format!("{}:{inherited}", tools.join("bin").display()),
            )
            .env("CARGO_ENCODED_RUSTFLAGS", call.encoded_rustflags(&[])?)
            .env("CARGO_ZIGBUILD_CACHE_DIR", work.join("zigbuild"))
            .env("ZIG_GLOBAL_CACHE_DIR", work.join("zig"));
        Ok(command)
    })?;
    Ok(Built {
        app,
        tools: PACKAGES.map(|package| package.replace("==", " ")).to_vec(),
    })
}

/// A Python environment with both, unless it is in the cache.
fn install(context: &Context, log: &Log) -> Result<Made<PathBuf>> {
    let key = Key::new("zigbuild", 1).field("packages", PACKAGES.join(" "));
    let entry = context.cache.entry("zigbuild", &key, log, |rooms| {
        log.run(tool("python3").args(["-m", "venv"]).arg(rooms.out))?;
        log.run(
            tool(rooms.out.join("bin/pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(PACKAGES),
        )
    })?;
    Ok(entry)
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
    call
}
