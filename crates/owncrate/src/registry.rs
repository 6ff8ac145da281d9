//! A released crate, by its name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use buildkit::cache::Cache;
use buildkit::command::{Log, output, tool};
use buildkit::key::Key;

/// Puts the source of `name` into the cache and gives its folder. `version` is as in Cargo.toml,
/// but for a complete one, which is meant exactly; without one the newest is taken.
///
/// Its lock gets newer versions of the packages in `update`.
///
/// Cargo itself fetches and verifies it: as the dependency of a package that exists only for that.
pub fn fetch(
    name: &str,
    version: Option<&str>,
    update: &[String],
    cache: &Cache,
    log: &Log,
) -> Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        bail!("--crate {name}: neither a folder nor the name of a crate, as in miniserve@0.35.0");
    }
    let wanted = match version {
        None => "*".to_owned(),
        Some(version) if version.split('.').count() == 3 => format!("={version}"),
        Some(version) => version.to_owned(),
    };
    let scratch = cache
        .folder("tmp")?
        .join(format!("crate-{name}-{}", std::process::id()));
    let found = resolve(name, &wanted, &scratch);
    let _ = fs::remove_dir_all(&scratch);
    let (source, version) = found?;
    let mut key = Key::new("crate", 1)
        .field("name", name)
        .field("version", &version);
    if !update.is_empty() {
        key = key.field("update", update.join(" "));
    }
    let entry = cache.entry("crate", &key, log, |rooms| {
        let to = rooms.out.join("source");
        log.run(tool("cp").arg("--recursive").arg(&source).arg(&to))?;
        if update.is_empty() {
            return Ok(());
        }
        let mut cargo = tool("cargo");
        cargo.args(["update", "--manifest-path"]);
        cargo.arg(to.join("Cargo.toml")).args(update);
        log.run(&mut cargo)
            .with_context(|| format!("--update {}, of {name} {version}", update.join(",")))
    })?;
    Ok(entry.value.join("source"))
}

fn resolve(name: &str, wanted: &str, scratch: &Path) -> Result<(PathBuf, String)> {
    fs::create_dir_all(scratch.join("src"))
        .with_context(|| format!("cannot create {}", scratch.display()))?;
    fs::write(scratch.join("src/lib.rs"), "")?;
    let wanted_value = toml::Value::from(wanted);
    let manifest = scratch.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"tinyrust-fetches\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [workspace]\n[dependencies]\n{name} = {{ version = {wanted_value}, \
             default-features = false }}\n"
        ),
    )?;
    output(
        tool("cargo")
            .args(["fetch", "--quiet", "--manifest-path"])
            .arg(&manifest),
    )
    .with_context(|| format!("the registry has no crate {name} {wanted}"))?;
    // A crate without a library is none of a package's dependencies to `cargo metadata`.
    let lock = scratch.join("Cargo.lock");
    let lock: toml::Table = toml::from_str(&fs::read_to_string(&lock)?)?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let found = packages.into_iter().flatten().find_map(|package| {
        let is_it = package.get("name")?.as_str()? == name;
        is_it.then(|| package.get("version")?.as_str())?
    });
    let version = found.with_context(|| format!("cargo did not fetch {name}"))?;
    let sources = cargo_home()?.join("registry/src");
    let entries = fs::read_dir(&sources).with_context(|| {
        format!(
            "cannot read {}, where cargo unpacks crates",
            sources.display()
        )
    })?;
    let folders = entries
        .flatten()
        .map(|entry| entry.path().join(format!("{name}-{version}")));
    let found = folders.filter(|folder| folder.join("Cargo.toml").is_file());
    let folder = found.last().with_context(|| {
        format!(
            "{} has no {name}-{version}: unpack the crate and name its folder",
            sources.display()
        )
    })?;
    Ok((folder, version.to_owned()))
}

fn cargo_home() -> Result<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(home)
        .context("neither CARGO_HOME nor HOME is set")
}
