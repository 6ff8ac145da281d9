//! The server built by cross: cargo of this machine's toolchain, in a container with the
//! compilers of Debian.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::container::Engine;
use super::definition;
use super::job::{Built, Job};
use buildkit::apt::Archive;
use buildkit::command::{Log, tool};
use buildkit::key::Key;
use buildkit::made::Made;
use direct::context::Context;
use direct::toolchain::Toolchain;

const CROSS: &str = "0.2.5";

/// Where cross mounts what it gives the container.
const MOUNTS: [(&str, &str); 4] = [
    ("/rust", "/rustc"),
    ("/cargo", "/cargo"),
    ("/target", "/build"),
    ("/project", "/tinyrust"),
];

pub fn build(job: &Job) -> Result<Built> {
    let Job {
        context,
        call,
        steps,
        ..
    } = job;
    let engine = Engine::new(&context.cache)?;
    let cross = steps.run("cross", |log| install(context, log))?;
    let container = steps.run("container", |log| {
        let archive = Archive::find(&context.cache.root().join("apt"))?;
        let definition = definition::of(&context.repo, &call.target)?;
        engine.image(&definition, &archive, &context.cache, log)
    })?;
    let key = Key::new("app-cross", 2)
        .field("cross", CROSS)
        .field("container", &container);
    // Cross mounts it there.
    let target = Some(Path::new("/target"));
    let app = job.compile("app-cross", key, call, target, |_, log| {
        fetch(job, log)?;
        let remaps = MOUNTS.map(|(from, to)| (PathBuf::from(from), to));
        let mut command = engine.command(&cross.display().to_string());
        command
            .args(&call.arguments)
            .env("CARGO_ENCODED_RUSTFLAGS", call.encoded_rustflags(&remaps)?)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CROSS_CONFIG", context.repo.path("app/Cross.toml"))
            .env("CROSS_CONTAINER_ENGINE", "podman")
            .env("CROSS_CONTAINER_OPTS", mounts(context, job.toolchain)?)
            // The toolchain as it is: cross asks for components that std's source from
            // Debian and targets without a std of Rust's do not have.
            .env("CROSS_CUSTOM_TOOLCHAIN", "1");
        Ok(command)
    })?;
    Ok(Built {
        app,
        tools: vec![format!("cross {CROSS}"), engine.version()?],
    })
}

/// cross itself, from crates.io, unless it is in the cache.
fn install(context: &Context, log: &Log) -> Result<Made<PathBuf>> {
    let key = Key::new("cross", 1)
        .field("version", CROSS)
        .field("rustc", &context.rustc.verbose);
    let entry = context.cache.entry("cross", &key, log, |rooms| {
        log.run(
            tool("cargo")
                .current_dir(context.repo.root())
                .args(["install", "cross", "--version", CROSS, "--locked", "--root"])
                .arg(rooms.out)
                .arg("--target-dir")
                .arg(rooms.work)
                .arg(format!("--jobs={}", context.jobs)),
        )
    })?;
    Ok(entry.map(|folder| folder.join("bin/cross")))
}

/// All crates, the standard library's included: the container has no network.
fn fetch(job: &Job, log: &Log) -> Result<()> {
    let fetch = || {
        let mut cargo = tool("cargo");
        cargo
            .current_dir(job.context.repo.path("app"))
            .args(["fetch", "--locked"])
            .env("RUSTC_BOOTSTRAP", "1");
        cargo
    };
    log.run(&mut fetch())?;
    let std = job.call.arguments.iter();
    let std = std.filter(|argument| argument.starts_with("-Zbuild-std="));
    log.run(fetch().args(["--target", &job.call.target]).args(std))
}

/// Our C library, and the standard library's source where it is a link out of the toolchain:
/// at the same places, since both have paths in them.
fn mounts(context: &Context, toolchain: &Toolchain) -> Result<String> {
    let mut folders = vec![toolchain.path().to_owned()];
    let source = context.rustc.sysroot.join("lib/rustlib/src/rust");
    let place = source
        .canonicalize()
        .with_context(|| format!("cannot find {}", source.display()))?;
    if !place.starts_with(context.rustc.sysroot.canonicalize()?) {
        folders.push(place);
    }
    let words = folders.iter().map(|folder| mount(folder));
    let words = words.collect::<Vec<_>>();
    Ok(shlex::try_join(words.iter().map(String::as_str))?)
}

fn mount(folder: &Path) -> String {
    format!("--volume={0}:{0}:ro", folder.display())
}
