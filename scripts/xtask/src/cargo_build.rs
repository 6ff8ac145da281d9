//! The device's programs: cargo, with the board's target and the size profile.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::command::{Log, tool};
use crate::context::{Context, copy};
use crate::key::{Key, sha256_file};
use crate::profiles::{self, Profile};
use crate::proof::{self, Expected, Proof};
use crate::toolchain::Toolchain;

/// What is built of the app crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// The server and the example.
    All,
    /// The server.
    Server,
    /// One example.
    Hello,
}

impl Programs {
    /// The names of the programs.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::All => &["tinyrust", "hello"],
            Self::Server => &["tinyrust"],
            Self::Hello => &["hello"],
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::All => &["--bin", "tinyrust", "--example", "hello"],
            Self::Server => &["--bin", "tinyrust"],
            Self::Hello => &["--example", "hello"],
        }
    }
}

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

    /// A program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.path.join(name)
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
    profile_name: &str,
    programs: Programs,
    log: &Log,
) -> Result<(App, bool)> {
    let app = context.repo.path("app");
    let facts = context.board.require(&context.board.rust, "rust")?;
    let profile = profiles::load(&app.join("profiles.toml"), profile_name)?;
    let manifest = profiles::of_manifest(&app.join("Cargo.toml"), profile_name)?;
    let revision = context.repo.revision();
    let flags = flags(&facts.rustflags, &profile, &facts.target);

    let library = context.rustc.sysroot.join("lib/rustlib/src/rust/library");
    let key = Key::new("app", 2)
        .tree("app", &app, not_compiled)?
        .field("rustc", &context.rustc.verbose)
        .field("std", sha256_file(&library.join("Cargo.lock"))?)
        .field("target", &facts.target)
        .field("allocator", &facts.allocator)
        .field("profile", profile_name)
        .field("flags", flags.join(" "))
        .field("toolchain", toolchain.identity())
        .field("revision", &revision)
        .field("programs", programs.names().join(" "));

    let stripped = manifest.stripped;
    let expected = expected(&facts.target, &profile, manifest, &flags, programs);
    let entry = context.cache.entry("app", &key, log, |rooms| {
        let mut cargo = cargo(context, &app, rooms.work)?;
        cargo
            .args(["build", "--verbose", "--locked", "--target", &facts.target])
            .args(["--profile", profile_name])
            .arg(format!("--jobs={}", context.jobs))
            .args(programs.arguments())
            .args(allocator(&facts.allocator))
            .args(unstable(&profile, profile_name))
            .env("TINYRUST_GIT_REVISION", &revision)
            .env("TINYRUST_TARGET", &facts.target)
            .env("TINYRUST_PROFILE", profile_name);
        link_with(&mut cargo, toolchain, &facts.target);
        let mut flags = flags.clone();
        flags.extend(remaps(context, &app, rooms.work));
        // Beats every other source of flags: RUSTFLAGS, target and build tables of a config.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));

        let output = Log::create(&rooms.work.join("cargo.log"))?;
        let ran = output.run(&mut cargo);
        let printed = std::fs::read_to_string(output.path())?;
        log.note(&printed);
        ran?;
        let proof = proof::verify(&printed, &expected)?;
        write_proof(&proof, &rooms.out.join(PROOF))?;

        let folder = if profile_name == "dev" {
            "debug"
        } else {
            profile_name
        };
        let built = rooms.work.join("target").join(&facts.target).join(folder);
        for name in programs.names() {
            let from = match *name {
                "hello" => built.join("examples/hello"),
                name => built.join(name),
            };
            let to = rooms.out.join(name);
            copy(&from, &to, 0o755)?;
            if !stripped {
                split_symbols(toolchain, &to, log)?;
            }
        }
        Ok(())
    })?;
    Ok((App { path: entry.path }, entry.hit))
}

/// What of app/ no build of the programs reads.
fn not_compiled(inside: &Path) -> bool {
    ["target", "tests", "proptest-regressions", "README.md"]
        .iter()
        .any(|name| inside.starts_with(name))
}

/// For musl targets: our C library, not the one that rustc may bring; and GCC's run-time, which
/// rustc leaves out and C in a crate calls (mimalloc's `__popcountsi2` on ARM).
pub const MUSL_FLAGS: [&str; 2] = ["-Clink-self-contained=no", "-Clink-arg=-lgcc"];

/// The board's flags, then the profile's, then what the linker in use asks for.
fn flags(board: &[String], profile: &Profile, target: &str) -> Vec<String> {
    let mut flags = board.to_vec();
    flags.extend(profile.rustflags.iter().cloned());
    if target.contains("musl") {
        flags.extend(MUSL_FLAGS.map(str::to_owned));
    }
    flags
}

/// Where sources are must not show in the program.
fn remaps(context: &Context, app: &Path, work: &Path) -> Vec<String> {
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
        .filter_map(|(from, to)| Some(format!("--remap-path-prefix={}={to}", from?.display())))
        .collect()
}

fn expected(
    target: &str,
    profile: &Profile,
    manifest: profiles::CargoProfile,
    flags: &[String],
    programs: Programs,
) -> Expected {
    let mut codegen = manifest.codegen;
    if let Some(panic) = &profile.panic {
        codegen.insert("panic".to_owned(), panic.clone());
    }
    Expected {
        target: target.to_owned(),
        codegen,
        lto: manifest.lto,
        rustflags: flags.to_vec(),
        build_std: !profile.build_std.is_empty(),
        programs: programs
            .names()
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
    }
}

/// What only an unstable cargo takes; RUSTC_BOOTSTRAP lets the stable one take it.
fn unstable(profile: &Profile, name: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    if !profile.build_std.is_empty() {
        arguments.push(format!("-Zbuild-std={}", profile.build_std.join(",")));
    }
    if !profile.build_std_features.is_empty() {
        let features = profile.build_std_features.join(",");
        arguments.push(format!("-Zbuild-std-features={features}"));
    }
    if let Some(panic) = &profile.panic {
        if panic == "immediate-abort" {
            arguments.push("-Zpanic-immediate-abort".to_owned());
        }
        arguments.push("--config".to_owned());
        arguments.push(format!("profile.{name}.panic=\"{panic}\""));
    }
    arguments
}

/// `system` is the C library's, which is there without a feature.
fn allocator(name: &str) -> Vec<String> {
    let mut arguments = vec!["--no-default-features".to_owned()];
    if name != "system" {
        arguments.push(format!("--features={name}"));
    }
    arguments
}

fn cargo(context: &Context, app: &Path, work: &Path) -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let rustc = context.rustc.sysroot.join("bin/rustc");
    ensure!(
        rustc.is_file(),
        "no rustc in {}",
        context.rustc.sysroot.display()
    );
    let mut cargo = tool(program);
    cargo
        .current_dir(app)
        .env("RUSTC", rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    Ok(cargo)
}

/// The linker, and the C compiler of crates with C in them.
fn link_with(cargo: &mut Command, toolchain: &Toolchain, target: &str) {
    let lower = target.replace(['-', '.'], "_");
    let upper = lower.to_uppercase();
    cargo
        .env(format!("CARGO_TARGET_{upper}_LINKER"), toolchain.gcc())
        .env(format!("CC_{lower}"), toolchain.gcc())
        .env(format!("AR_{lower}"), toolchain.ar())
        .env(
            format!("CFLAGS_{lower}"),
            "-Os -ffunction-sections -fdata-sections",
        );
}

/// What the device has no use for goes to a file of its own, `<program>.debug`, which gdb and
/// addr2line find the functions of a crash in.
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

/// JSON as it is committed and compared: indented, with a line end.
///
/// # Errors
/// When a value has no form in JSON.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            build_std: vec!["std".into(), "panic_abort".into()],
            build_std_features: vec!["optimize_for_size".into()],
            panic: Some("immediate-abort".into()),
            rustflags: vec!["-Zlocation-detail=none".into()],
        }
    }

    #[test]
    fn what_the_manifest_cannot_say_is_said_on_the_command_line() {
        assert_eq!(
            unstable(&profile(), "tiny-diag"),
            [
                "-Zbuild-std=std,panic_abort",
                "-Zbuild-std-features=optimize_for_size",
                "-Zpanic-immediate-abort",
                "--config",
                "profile.tiny-diag.panic=\"immediate-abort\"",
            ]
        );
        assert!(unstable(&Profile::default(), "release").is_empty());
    }

    #[test]
    fn flags_keep_their_order_and_the_linkers_own_come_last() {
        let board = ["-Ctarget-feature=+thumb-mode".to_owned()];
        let all = flags(&board, &profile(), "armv7-unknown-linux-musleabihf");
        assert_eq!(
            all,
            [
                "-Ctarget-feature=+thumb-mode",
                "-Zlocation-detail=none",
                "-Clink-self-contained=no",
                "-Clink-arg=-lgcc",
            ]
        );
        assert_eq!(
            flags(&board, &Profile::default(), "x86_64-unknown-linux-gnu"),
            board
        );
    }

    #[test]
    fn the_panic_strategy_of_profiles_toml_is_the_one_that_must_be_found() {
        let manifest = profiles::CargoProfile {
            codegen: [("panic".to_owned(), "abort".to_owned())].into(),
            lto: proof::Lto::Fat,
            stripped: true,
        };
        let expected = expected("t", &profile(), manifest, &[], Programs::All);
        assert_eq!(expected.codegen["panic"], "immediate-abort");
        assert!(expected.build_std);
        assert_eq!(expected.programs, ["tinyrust", "hello"]);
    }

    #[test]
    fn the_system_allocator_is_the_one_without_a_feature() {
        assert_eq!(allocator("system"), ["--no-default-features"]);
        assert_eq!(allocator("mimalloc")[1], "--features=mimalloc");
    }
}
