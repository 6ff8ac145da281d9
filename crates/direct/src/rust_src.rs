//! The standard library's source, which `-Zbuild-std` compiles.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use buildkit::cache::Cache;
use buildkit::command::{Log, output, tool};
use buildkit::files::remove;
use buildkit::sources::Sources;
use buildkit::store::Store;
use rustcheck::profiles::{Profiles, Version, release};

/// A Rust compiler.
#[derive(Clone)]
pub struct Rustc {
    /// `1.95.0`.
    pub version: String,
    /// What `rustc -vV` prints: version, commit, LLVM.
    pub verbose: String,
    /// Where the toolchain is.
    pub sysroot: PathBuf,
    /// The toolchain's cargo, where it has its own; else the one that is in use.
    pub cargo: PathBuf,
}

impl Rustc {
    /// Asks the rustc that cargo uses in this checkout.
    pub fn find(root: &Path) -> Result<Self> {
        let print = ["--print", "sysroot"];
        let sysroot = output(tool("rustc").args(print).current_dir(root))?;
        Self::in_sysroot(Path::new(sysroot.trim()))
    }

    /// Asks the rustc of a toolchain's folder.
    ///
    /// # Errors
    /// When there is none, or it is older than the server's `rust-version`.
    pub fn in_sysroot(sysroot: &Path) -> Result<Self> {
        let program = sysroot.join("bin/rustc");
        ensure!(program.is_file(), "no rustc in {}", sysroot.display());
        let verbose = output(tool(&program).arg("-vV"))?;
        let version = release(&verbose)?.to_owned();
        let (found, oldest) = (Version::parse(&version)?, oldest()?);
        ensure!(
            found >= oldest,
            "{} is Rust {found}, but the server needs {oldest} or later (rust-version in \
             app/Cargo.toml); `rustup toolchain install` installs the version in \
             rust-toolchain.toml",
            program.display()
        );
        let own = sysroot.join("bin/cargo");
        let in_use = || std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
        Ok(Self {
            version,
            verbose,
            cargo: if own.is_file() { own } else { in_use() },
            sysroot: sysroot.to_owned(),
        })
    }

    /// The first line of what it prints of itself.
    pub fn name(&self) -> &str {
        self.verbose.lines().next().unwrap_or_default()
    }

    /// Where the standard library's source is, or a link to it.
    pub fn source(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust")
    }

    /// Whether the standard library's source is there, whole.
    pub fn has_source(&self) -> bool {
        self.source().join("library/std/Cargo.toml").is_file()
            && self.source().join("library/Cargo.lock").is_file()
    }
}

/// The oldest Rust that compiles the server.
///
/// # Errors
/// When app/Cargo.toml does not say.
pub fn oldest() -> Result<Version> {
    Profiles::embedded()?.oldest_rust()
}

/// Puts the standard library's source into the toolchain: Debian's package of the equal
/// version, unpacked in the cache and linked; else rustup's component.
pub fn provide(
    rustc: &Rustc,
    sources: &Sources,
    cache: &Cache,
    log: &Log,
    say: &dyn Fn(String),
) -> Result<()> {
    if rustc.has_source() {
        return Ok(());
    }
    say(format!(
        "fetching the source of Rust's standard library {}",
        rustc.version
    ));
    let debian = from_debian(rustc, sources, cache, log, say);
    let Err(debian) = debian else { return Ok(()) };
    log.note(format!("{debian:#}"));
    let rustup = log.run(
        tool("rustup")
            .args(["component", "add", "rust-src", "--toolchain"])
            .arg(&rustc.sysroot),
    );
    // A toolchain that is a path has no components; ask for the one that is in use.
    let rustup = rustup.or_else(|_| log.run(tool("rustup").args(["component", "add", "rust-src"])));
    match rustup {
        Ok(()) if rustc.has_source() => Ok(()),
        other => {
            let rustup = other.err().map_or_else(
                || "rustup added the component to another toolchain".to_owned(),
                |error| format!("{error:#}"),
            );
            bail!(
                "cannot get the source of Rust's standard library {}, which the size profiles \
                 compile\n  from Debian: {debian:#}\n  from rustup: {rustup}\n  put it into {} \
                 (library/std/Cargo.toml and so on)",
                rustc.version,
                rustc.source().display()
            )
        }
    }
}

fn from_debian(
    rustc: &Rustc,
    sources: &Sources,
    cache: &Cache,
    log: &Log,
    say: &dyn Fn(String),
) -> Result<()> {
    let store = Store::new(cache);
    let wanted = sources.get("rust-src")?.clone().in_version(&rustc.version);
    let source = store.fetch("rust-src", &wanted, log, say)?;
    let tree = store.unpack("rust-src", &wanted, &source, log)?;
    let unpacked = tree
        .join("usr/src")
        .join(format!("rustc-{}", rustc.version));
    if !unpacked.join("library/std/Cargo.toml").is_file() {
        bail!(
            "{} does not contain the standard library",
            unpacked.display()
        );
    }
    let link = rustc.source();
    // What is there is a link into a cache that is gone, or a folder without the source.
    if link.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
        remove(&link)?;
    }
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot write into the toolchain {}", parent.display()))?;
    }
    symlink(&unpacked, &link)
        .with_context(|| format!("cannot link the source as {}", link.display()))?;
    say(format!("linked {} into the toolchain", source.file));
    Ok(())
}
