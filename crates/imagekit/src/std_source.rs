//! The standard library's source with all crates that it needs, out of what a compiler's own
//! source is shipped as. `library/Cargo.lock` of that source says which crates these are, so a
//! new version of Rust needs nothing from this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::{command, tar};

/// A file of the standard library that cargo's tests, in the same archive, have no imitation of.
const WITNESS: &str = "library/std/src/sys/mod.rs";

/// What is laid out where.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Rust's source (rustc-VERSION-src.tar.xz), the component rust-src, or a folder with either
    pub source: PathBuf,
    /// The folder that gets library/, with the crates in library/vendor/; replaces an existing library/
    #[arg(long)]
    pub into: PathBuf,
}

/// A crate that a lock file names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Locked {
    name: String,
    version: String,
    checksum: String,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Crates, as folders NAME-VERSION in library/vendor/.
    pub found: usize,
    /// Crates that the lock names and the source has not: distributions leave out what their own
    /// systems never compile.
    pub absent: Vec<String>,
}

/// Lays library/ out and prints how many crates are with it.
///
/// # Errors
/// When the source has no standard library, none of its crates, or one that is not the locked one.
pub fn run(args: &Args) -> Result<()> {
    let outcome = lay_out(&args.source, &args.into)?;
    println!(
        "imagekit: {}: the standard library with {} crates",
        args.into.join("library").display(),
        outcome.found
    );
    if !outcome.absent.is_empty() {
        println!(
            "imagekit: {} lacks these crates of library/Cargo.lock: {}; a build that needs one \
             of them fails",
            args.source.display(),
            outcome.absent.join(", ")
        );
    }
    Ok(())
}

/// Lays library/ of `source` out in `into`, with the crates of its lock in library/vendor/.
///
/// # Errors
/// As [`run`].
pub fn lay_out(source: &Path, into: &Path) -> Result<Outcome> {
    let library = into.join("library");
    remove(&library)?;
    fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    let outside = into.join(".vendor");
    remove(&outside)?;
    let outcome = if source.is_dir() {
        let found = folder_of_library(source, 8).with_context(|| no_library(source, WITNESS))?;
        copy(&found, &library)?;
        collect(&library, &[found.with_file_name("vendor")])
    } else {
        let prefix =
            tar::prefix_of(source, WITNESS)?.with_context(|| no_library(source, WITNESS))?;
        tar::extract(source, &prefix, &["library".to_owned()], into)?;
        let wanted = absent(&library, &locked(&library)?)?;
        // The compiler's own crates are in the same folder, several thousand files of them.
        let members: Vec<String> = wanted
            .iter()
            .flat_map(|one| one.folders().map(|name| format!("vendor/{name}")))
            .collect();
        if !members.is_empty() {
            fs::create_dir_all(&outside)?;
            tar::extract_present(source, &prefix, &members, &outside)?;
        }
        collect(&library, &[outside.join("vendor")])
    };
    remove(&outside)?;
    let outcome = outcome?;
    ensure!(
        outcome.found > 0 || outcome.absent.is_empty(),
        "{} has none of the crates that its library/Cargo.lock names, neither in \
         library/vendor/ nor in vendor/: use Rust's complete source (rustc-VERSION-src.tar.xz), \
         or rust-src of Rust 1.97.1 or later",
        source.display()
    );
    Ok(outcome)
}

fn no_library(source: &Path, needed: &str) -> String {
    format!(
        "{} is not a source of Rust's standard library: it has no {needed}",
        source.display()
    )
}

/// Puts the locked crates that are not in library/vendor/ there, from the first of the folders
/// that has each.
fn collect(library: &Path, folders: &[PathBuf]) -> Result<Outcome> {
    let vendor = library.join("vendor");
    let locked = locked(library)?;
    let mut outcome = Outcome::default();
    for one in &locked {
        let place = vendor.join(one.folder());
        let within = std::iter::once(&vendor).chain(folders);
        let mut candidates = within.flat_map(|folder| one.folders().map(|name| folder.join(name)));
        let Some(found) = candidates.find(|folder| has_version(folder, one)) else {
            outcome.absent.push(one.folder());
            continue;
        };
        check(&found, one)?;
        if found != place {
            fs::create_dir_all(&vendor)?;
            copy(&found, &place)?;
        }
        outcome.found += 1;
    }
    Ok(outcome)
}

/// The locked crates that library/vendor/ has not.
fn absent(library: &Path, locked: &[Locked]) -> Result<Vec<Locked>> {
    let vendor = library.join("vendor");
    let is_there = |one: &&Locked| {
        one.folders()
            .any(|name| has_version(&vendor.join(name), one))
    };
    Ok(locked
        .iter()
        .filter(|one| !is_there(one))
        .cloned()
        .collect())
}

impl Locked {
    fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// What `cargo vendor` calls its folder, with and without versions.
    fn folders(&self) -> impl Iterator<Item = String> + use<> {
        [self.folder(), self.name.clone()].into_iter()
    }
}

/// Whether a folder holds a crate in its locked version.
fn has_version(folder: &Path, one: &Locked) -> bool {
    #[derive(Deserialize)]
    struct Manifest {
        package: Package,
    }
    fs::read_to_string(folder.join("Cargo.toml"))
        .ok()
        .and_then(|text| toml::from_str::<Manifest>(&text).ok())
        .is_some_and(|manifest| manifest.package.version == one.version)
}

/// Cargo takes a folder for the locked crate only where both name the same package.
fn check(folder: &Path, one: &Locked) -> Result<()> {
    #[derive(Deserialize)]
    struct Checksum {
        package: String,
    }
    let path = folder.join(".cargo-checksum.json");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let found: Checksum =
        serde_json::from_str(&text).with_context(|| format!("cannot use {}", path.display()))?;
    if found.package != one.checksum {
        bail!(
            "{} is not the package that library/Cargo.lock names for {}: checksum {}, expected \
             {}",
            folder.display(),
            one.folder(),
            found.package,
            one.checksum
        );
    }
    Ok(())
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The crates of a registry in library/Cargo.lock.
fn locked(library: &Path) -> Result<Vec<Locked>> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
    }
    let path = library.join("Cargo.lock");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: Lock =
        toml::from_str(&text).with_context(|| format!("cannot use {}", path.display()))?;
    let of_registry = |package: Package| {
        Some(Locked {
            name: package.name,
            version: package.version,
            checksum: package.checksum?,
        })
    };
    Ok(lock.package.into_iter().filter_map(of_registry).collect())
}

/// The folder library/ that is the standard library's, `depth` folders below at most: the
/// component rust-src and distributions' packages have it at the end of a longer path.
fn folder_of_library(folder: &Path, depth: usize) -> Option<PathBuf> {
    if folder.join(WITNESS).is_file() {
        return Some(folder.join("library"));
    }
    let mut below: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect();
    below.sort();
    let deeper = depth.checked_sub(1)?;
    below
        .iter()
        .find_map(|path| folder_of_library(path, deeper))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    // Links are followed: a distribution's may lead out of the folder.
    command::run(Command::new("cp").args(["-RLp", "--"]).args([from, to]))
}

#[cfg(test)]
mod tests;
