//! The device's programs: cargo on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo_call::CargoCall;
use crate::context::Context;
use crate::toolchain::Toolchain;
use buildkit::cache::Rooms;
use buildkit::command::{Log, tool};
use buildkit::files::{copy, to_json};
use buildkit::key::{Key, sha256_file};
use buildkit::made::Made;
use imagekit::build_json::RustFlags;
use rustcheck::record;
use rustcheck::verify::verify;
use sbom::Inventory;
use sbom::program::{Request, inventory};

/// Finished programs.
pub struct App {
    path: PathBuf,
}

impl App {
    /// Programs that something was done to after they were built.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Hands what is known of rustc's flags and of the crates on to such programs.
    pub fn copy_facts(&self, folder: &Path) -> Result<()> {
        for name in [FLAGS, CRATES] {
            copy(&self.path.join(name), &folder.join(name), 0o644)?;
        }
        Ok(())
    }

    /// Writes down that rustc's flags are not known, and why.
    pub fn flags_unknown(folder: &Path, reason: &str) -> Result<()> {
        let unknown = reason.to_owned();
        write_flags(&RustFlags::Unknown { unknown }, folder)
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

    /// The crates of the first program; `None` for one that was not built here.
    pub fn crates(&self) -> Result<Option<Inventory>> {
        let path = self.path.join(CRATES);
        match path.is_file() {
            true => Inventory::load(&path).map(Some),
            false => Ok(None),
        }
    }

    /// What is known of rustc's flags.
    pub fn flags(&self) -> Result<RustFlags> {
        let path = self.path.join(FLAGS);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}

const FLAGS: &str = "rust-flags.json";
const CRATES: &str = "crates.json";
const RECORD: &str = "rustc.jsonl";

/// This very program as cargo's `RUSTC_WRAPPER`, and the record that it writes, in the target
/// folder of a build.
pub struct Recorder {
    record: PathBuf,
    environment: [(&'static str, PathBuf); 2],
}

impl Recorder {
    /// Puts the wrapper into a target folder, which cargo sees as `seen`.
    pub fn new(target_folder: &Path, seen: &Path) -> Result<Self> {
        const WRAPPER: &str = "rustc-wrapper";
        std::fs::create_dir_all(target_folder)?;
        // A copy: cargo may replace the program while this build runs.
        let own = Path::new("/proc/self/exe");
        copy(own, &target_folder.join(WRAPPER), 0o755)?;
        Ok(Self {
            record: target_folder.join(RECORD),
            environment: [
                ("RUSTC_WRAPPER", seen.join(WRAPPER)),
                (record::VARIABLE, seen.join(RECORD)),
            ],
        })
    }

    /// What cargo's environment has to say.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.environment
            .iter()
            .map(|(name, value)| (*name, value.as_path()))
    }
}

/// Builds programs of the app crate, unless they are in the cache.
///
/// Each build starts from nothing and is verified as a whole, or it was verified when the
/// cache's entry was made.
pub fn build(
    context: &Context,
    toolchain: &Toolchain,
    call: &CargoCall,
    log: &Log,
) -> Result<Made<App>> {
    let app = context.repo.path("app");
    let key = key(context, toolchain, call)?;
    let entry = context.cache.entry("app", &key, log, |rooms| {
        compile(context, call, (&app, "/tinyrust"), rooms, log)?;
        list_crates(context, call, rooms)?;
        strip(call, toolchain, rooms.out, log)
    })?;
    Ok(entry.map(App::at))
}

/// Builds the programs of a package, verifies what rustc was given, and puts them into
/// `rooms.out`, symbols and all. `package` is the folder and how it is called in the program.
pub fn compile(
    context: &Context,
    call: &CargoCall,
    (package, called): (&Path, &'static str),
    rooms: &Rooms,
    log: &Log,
) -> Result<()> {
    let target_folder = rooms.work.join("target");
    let mut cargo = cargo(context, package);
    let remaps = remaps(context, package, called, rooms.work);
    cargo
        .args(&call.arguments)
        .envs(call.environment.iter().map(|(name, value)| (name, value)))
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", call.encoded_rustflags(&remaps)?);
    for lack in &call.lacks {
        log.note(lack);
    }
    let recorder = Recorder::new(&target_folder, &target_folder)?;
    log.run(cargo.envs(recorder.environment()))?;
    take(&recorder, call, &target_folder, rooms.out, log)
}

/// Writes down the crates of the first program with their licence texts, while their sources are
/// where rustc had them.
pub fn list_crates(context: &Context, call: &CargoCall, rooms: &Rooms) -> Result<()> {
    let request = Request {
        target: &call.target,
        programs: &call.programs[..1],
        rust: &context.rustc.version,
    };
    let record = rooms.work.join("target").join(RECORD);
    inventory(&record, &request)?.write(&rooms.out.join(CRATES))
}

/// What decides what the programs are.
pub fn key(context: &Context, toolchain: &Toolchain, call: &CargoCall) -> Result<Key> {
    let facts = context.board.require(&context.board.rust, "rust")?;
    let library = context.rustc.sysroot.join("lib/rustlib/src/rust/library");
    Ok(Key::new("app", 6)
        .tree("app", &context.repo.path("app"), not_compiled)?
        .field("rustc", &context.rustc.verbose)
        .field("std", sha256_file(&library.join("Cargo.lock"))?)
        .field("target", &facts.target)
        .field("allocator", &facts.allocator)
        .field("profile", &call.profile)
        .field("flags", call.rustflags.join(" "))
        .field("arguments", call.profile_arguments.join(" "))
        .field("toolchain", toolchain.identity())
        .field("revision", context.repo.revision())
        .field("programs", call.programs.join(" ")))
}

/// Takes what cargo made, without its symbols, and that rustc was given what the profile says.
pub fn collect(
    recorder: &Recorder,
    call: &CargoCall,
    toolchain: &Toolchain,
    target_folder: &Path,
    out: &Path,
    log: &Log,
) -> Result<()> {
    take(recorder, call, target_folder, out, log)?;
    strip(call, toolchain, out, log)
}

fn take(
    recorder: &Recorder,
    call: &CargoCall,
    target_folder: &Path,
    out: &Path,
    log: &Log,
) -> Result<()> {
    let verified = verify(
        &record::read(&recorder.record)?,
        &call.expected(target_folder),
    )?;
    log.note(format!("rustc's flags: {}", verified.given.join(" ")));
    write_flags(&RustFlags::Verified(verified), out)?;
    for name in &call.programs {
        copy(&call.built(target_folder, name), &out.join(name), 0o755)?;
    }
    Ok(())
}

/// Takes the symbols off the programs in `out`.
pub fn strip(call: &CargoCall, toolchain: &Toolchain, out: &Path, log: &Log) -> Result<()> {
    for name in &call.programs {
        split_symbols(toolchain, &out.join(name), log)?;
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
        "serve/Cargo.lock",
        "serve/README.md",
        "serve/examples",
        "serve/tests",
    ]
    .iter()
    .any(|name| inside.starts_with(name))
}

/// Where sources are must not show in the program.
fn remaps(
    context: &Context,
    package: &Path,
    called: &'static str,
    work: &Path,
) -> Vec<(PathBuf, &'static str)> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let places = [
        (Some(context.rustc.sysroot.clone()), "/rustc"),
        (cargo_home, "/cargo"),
        (Some(work.to_owned()), "/build"),
        (Some(package.to_owned()), called),
    ];
    places
        .into_iter()
        .filter_map(|(from, to)| Some((from?, to)))
        .collect()
}

fn cargo(context: &Context, package: &Path) -> Command {
    let rustc = &context.rustc;
    let mut cargo = tool(&rustc.cargo);
    cargo
        .current_dir(package)
        .env("RUSTC", rustc.sysroot.join("bin/rustc"));
    cargo
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

fn write_flags(flags: &RustFlags, folder: &Path) -> Result<()> {
    let path = folder.join(FLAGS);
    std::fs::write(&path, to_json(flags)?)
        .with_context(|| format!("cannot write {}", path.display()))
}
