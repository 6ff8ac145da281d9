//! The device's programs: cargo on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::cargo_call::CargoCall;
use crate::context::Context;
use crate::toolchain::Toolchain;
use buildkit::command::{Log, tool};
use buildkit::files::{copy, to_json};
use buildkit::key::{Key, sha256_file};
use rustcheck::proof::{self, Proof};

/// Finished programs.
pub struct App {
    path: PathBuf,
}

impl App {
    /// Programs that something was done to after they were built.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Hands what rustc was given on to such programs.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy_proof(&self, folder: &Path) -> Result<()> {
        copy(&self.path.join(PROOF), &folder.join(PROOF), 0o644)
    }

    /// Writes down that what rustc was given is not known, and why.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn not_proved(folder: &Path, reason: &str) -> Result<()> {
        let proof = serde_json::json!({ "none": reason });
        std::fs::write(folder.join(PROOF), to_json(&proof)?)?;
        Ok(())
    }

    /// A program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A program's symbols; absent for one that was packed.
    pub fn symbols(&self, name: &str) -> Option<PathBuf> {
        let path = self.path.join(format!("{name}.debug"));
        path.is_file().then_some(path)
    }

    /// What rustc was given, as JSON.
    ///
    /// # Errors
    /// When the entry is not whole.
    pub fn proof(&self) -> Result<serde_json::Value> {
        let path = self.path.join(PROOF);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}

const PROOF: &str = "proof.json";

/// Builds programs of the app crate, unless they are in the cache; whether they were.
///
/// Cargo prints nothing of what it finds fresh, so each build starts from nothing and is
/// verified as a whole, or it was verified when the cache's entry was made.
///
/// # Errors
/// When it does not compile, or rustc was not given what the profile says.
pub fn build(
    context: &Context,
    toolchain: &Toolchain,
    call: &CargoCall,
    log: &Log,
) -> Result<(App, bool)> {
    let app = context.repo.path("app");
    let key = key(context, toolchain, call)?;
    let entry = context.cache.entry("app", &key, log, |rooms| {
        let target_folder = rooms.work.join("target");
        let mut cargo = cargo(context, &app)?;
        let remaps = remaps(context, &app, rooms.work);
        cargo
            .args(&call.arguments)
            .envs(call.environment.iter().map(|(name, value)| (name, value)))
            .env("CARGO_TARGET_DIR", &target_folder)
            .env("CARGO_ENCODED_RUSTFLAGS", call.encoded_rustflags(&remaps));
        let printed = Log::create(&rooms.work.join("cargo.log"))?;
        let ran = printed.run(&mut cargo);
        collect(
            ran,
            &printed,
            call,
            toolchain,
            &target_folder,
            rooms.out,
            log,
        )
    })?;
    Ok((App { path: entry.path }, entry.hit))
}

/// What decides what the programs are.
///
/// # Errors
/// When something of it cannot be read.
pub fn key(context: &Context, toolchain: &Toolchain, call: &CargoCall) -> Result<Key> {
    let facts = context.board.require(&context.board.rust, "rust")?;
    let library = context.rustc.sysroot.join("lib/rustlib/src/rust/library");
    Ok(Key::new("app", 3)
        .tree("app", &context.repo.path("app"), not_compiled)?
        .field("rustc", &context.rustc.verbose)
        .field("std", sha256_file(&library.join("Cargo.lock"))?)
        .field("target", &facts.target)
        .field("allocator", &facts.allocator)
        .field("profile", &call.profile)
        .field("flags", call.rustflags.join(" "))
        .field("toolchain", toolchain.identity())
        .field("revision", context.repo.revision())
        .field("programs", call.programs.names().join(" ")))
}

/// Takes what cargo made: the proof that it was told what it was to be told, the programs.
///
/// # Errors
/// When cargo failed, or rustc was not given what the profile says.
pub fn collect(
    ran: Result<()>,
    printed: &Log,
    call: &CargoCall,
    toolchain: &Toolchain,
    target_folder: &Path,
    out: &Path,
    log: &Log,
) -> Result<()> {
    let printed = std::fs::read_to_string(printed.path())?;
    log.note(&printed);
    ran?;
    let proof = proof::verify(&printed, &call.expected)?;
    write_proof(&proof, &out.join(PROOF))?;
    for name in call.programs.names() {
        let to = out.join(name);
        copy(&call.built(target_folder, name), &to, 0o755)?;
        split_symbols(toolchain, &to, log)?;
    }
    Ok(())
}

/// What of app/ no build of the programs reads.
fn not_compiled(inside: &Path) -> bool {
    [
        "target",
        "tests",
        "proptest-regressions",
        "README.md",
        "Cross.toml",
    ]
    .iter()
    .any(|name| inside.starts_with(name))
}

/// Where sources are must not show in the program.
fn remaps(context: &Context, app: &Path, work: &Path) -> Vec<(PathBuf, &'static str)> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let places = [
        (Some(context.rustc.sysroot.clone()), "/rustc"),
        (cargo_home, "/cargo"),
        (Some(work.to_owned()), "/build"),
        (Some(app.to_owned()), "/tinyrust"),
    ];
    places
        .into_iter()
        .filter_map(|(from, to)| Some((from?, to)))
        .collect()
}

fn cargo(context: &Context, app: &Path) -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let rustc = context.rustc.sysroot.join("bin/rustc");
    ensure!(
        rustc.is_file(),
        "no rustc in {}",
        context.rustc.sysroot.display()
    );
    let mut cargo = tool(program);
    cargo.current_dir(app).env("RUSTC", rustc);
    Ok(cargo)
}

/// What the device has no use for goes to a file of its own, `<program>.debug`, in which gdb and
/// the boot tests find the function of a crash.
fn split_symbols(toolchain: &Toolchain, program: &Path, log: &Log) -> Result<()> {
    let mut debug = program.as_os_str().to_owned();
    debug.push(".debug");
    let objcopy = || tool(toolchain.objcopy());
    log.run(objcopy().arg("--only-keep-debug").arg(program).arg(&debug))?;
    log.run(objcopy().arg("--strip-all").arg(program))
}

fn write_proof(proof: &Proof, path: &Path) -> Result<()> {
    std::fs::write(path, to_json(proof)?)
        .with_context(|| format!("cannot write {}", path.display()))
}
