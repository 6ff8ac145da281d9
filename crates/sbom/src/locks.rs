//! What Cargo.lock knows of a crate: its checksum, and where it is from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// A crate in a lock.
#[derive(Debug, Clone, Deserialize)]
pub struct Locked {
    name: String,
    version: String,
    /// `registry+…` or `git+…`; absent for a path.
    pub source: Option<String>,
    /// The SHA-256 of the package.
    pub checksum: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

/// The locks of several workspaces.
#[derive(Default)]
pub struct Locks {
    read: BTreeSet<PathBuf>,
    all: BTreeMap<(String, String), Locked>,
}

impl Locks {
    /// Reads the lock that the package in a folder belongs to, if there is one.
    ///
    /// # Errors
    /// When it is no Cargo.lock.
    pub fn read_of(&mut self, folder: &Path) -> Result<()> {
        let mut above = folder.ancestors().map(|up| up.join("Cargo.lock"));
        let Some(path) = above.find(|path| path.is_file()) else {
            return Ok(());
        };
        if !self.read.insert(path.clone()) {
            return Ok(());
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lock: Lock = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        for one in lock.package.into_iter().filter(|one| one.source.is_some()) {
            self.all
                .insert((one.name.clone(), one.version.clone()), one);
        }
        Ok(())
    }

    /// What is locked of a crate that is not a path.
    pub fn get(&self, name: &str, version: &str) -> Option<&Locked> {
        self.all.get(&(name.to_owned(), version.to_owned()))
    }
}

/// The SHA-256 of a package that was unpacked into a folder of crates: what cargo vendors and
/// bitbake fetches says it in `.cargo-checksum.json`, which a package of a registry always has.
pub fn vendored(folder: &Path) -> Option<Option<String>> {
    let text = fs::read_to_string(folder.join(".cargo-checksum.json")).ok()?;
    let value = serde_json::from_str::<serde_json::Value>(&text).ok()?;
    Some(value["package"].as_str().map(str::to_owned))
}
