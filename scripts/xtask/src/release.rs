//! `cargo xtask release VERSION`: a release in two runs, with a commit in between.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::Repo;
use buildkit::command::{output, tool};
use buildkit::files::{read, write_whole};
use buildkit::key::sha256_file;

/// Lines that say the version: a file, and what stands before it.
const PLACES: &[(&str, &str)] = &[
    ("Cargo.toml", "version = \""),
    (
        "Cargo.toml",
        "board = { path = \"crates/board\", package = \"tinyrust-board\", version = \"",
    ),
    (
        "Cargo.toml",
        "symbolmap = { path = \"crates/symbolmap\", package = \"tinyrust-symbolmap\", version = \"",
    ),
    ("app/Cargo.toml", "version = \""),
    (
        "app/Cargo.toml",
        "tinyrust-serve = { path = \"serve\", version = \"",
    ),
    ("app/serve/Cargo.toml", "version = \""),
    (
        "br2-external/package/flashfit/flashfit.mk",
        "FLASHFIT_VERSION = ",
    ),
    (
        "br2-external/package/tinyrust/tinyrust.mk",
        "TINYRUST_VERSION = ",
    ),
    (
        "meta-tinyrust/conf/distro/tinyrust-tiny.conf",
        "DISTRO_VERSION = \"",
    ),
];

/// Lock files in which our own crates stand.
const LOCKS: &[&str] = &[
    "",
    "app",
    "app/serve",
    "crates/flashfit/fuzz",
    "crates/sizelab/prices",
];

const CHANGELOG: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased\n";

/// Sets the version and dates the changelog, or, where that is committed, packs the tarball.
pub fn run(repo: &Repo, version: &str) -> Result<()> {
    require_version(version)?;
    let changes = output(git(repo).args(["status", "--porcelain"]))?;
    ensure!(
        changes.is_empty(),
        "a release must match a commit, but these files differ from HEAD:\n{changes}commit or \
         stash them"
    );
    match of(repo)? == version {
        true => pack(repo, version),
        false => set(repo, version),
    }
}

fn require_version(version: &str) -> Result<()> {
    let numbers = version.split('.').map(str::parse::<u32>);
    let numbers = numbers.collect::<Result<Vec<_>, _>>();
    ensure!(
        numbers.is_ok_and(|numbers| numbers.len() == 3),
        "`{version}` is not a version: write three numbers, such as 1.0.0"
    );
    Ok(())
}

/// The version that every place says.
fn of(repo: &Repo) -> Result<String> {
    let mut found = None;
    for (file, before) in PLACES {
        let text = read(&repo.path(file))?;
        let line = text.lines().find_map(|line| line.strip_prefix(before));
        let line = line.with_context(|| format!("{file} has no line `{before}…`"))?;
        let end = |c: char| !c.is_ascii_digit() && c != '.';
        let version = line.split(end).next().unwrap_or_default().to_owned();
        match &found {
            Some(first) => ensure!(
                *first == version,
                "{file} says {version}, and {} says {first}",
                PLACES[0].0
            ),
            None => found = Some(version),
        }
    }
    found.context("no file gives a version")
}

fn set(repo: &Repo, version: &str) -> Result<()> {
    let old = of(repo)?;
    let date = output(tool("date").args(["-u", "+%Y-%m-%d"]))?;
    let changelog = dated(&read(&repo.path(CHANGELOG))?, version, date.trim())?;
    for (file, before) in PLACES {
        let path = repo.path(file);
        let text =
            read(&path)?.replacen(&format!("{before}{old}"), &format!("{before}{version}"), 1);
        write(&path, &text)?;
    }
    for folder in LOCKS {
        let mut cargo = tool("cargo");
        cargo.args(["update", "--workspace", "--offline", "--quiet"]);
        output(cargo.current_dir(repo.path(folder)))
            .with_context(|| format!("{folder}/Cargo.lock"))?;
    }
    write(&repo.path(CHANGELOG), &changelog)?;
    println!(
        "Set the version {version} and dated {CHANGELOG}. Next:\n  make test\n  git commit \
         --all --message \"tinyrust {version}\"\n  cargo xtask release {version}"
    );
    Ok(())
}

/// The changelog with what is not released under the version's name.
fn dated(text: &str, version: &str, date: &str) -> Result<String> {
    let (before, changes) = text
        .split_once(UNRELEASED)
        .with_context(|| format!("{CHANGELOG} has no section `{}`", UNRELEASED.trim()))?;
    let section = changes.split("\n## ").next().unwrap_or_default();
    if section.trim().is_empty() {
        bail!("{CHANGELOG} lists no change since the last release");
    }
    Ok(format!(
        "{before}{UNRELEASED}\n## {version} ({date})\n{changes}"
    ))
}

fn pack(repo: &Repo, version: &str) -> Result<()> {
    let folder = repo.path("out/release");
    fs::create_dir_all(&folder)?;
    let name = format!("tinyrust-{version}.tar.gz");
    let path = folder.join(&name);
    let mut archive = git(repo);
    // gzip as git itself calls it writes no time.
    archive.args([
        "archive",
        "--format=tar.gz",
        "--prefix=tinyrust/",
        "--output",
    ]);
    output(archive.arg(&path).arg("HEAD"))?;
    let hash = sha256_file(&path)?;
    write(
        &path.with_extension("gz.sha256"),
        &format!("{hash}  {name}\n"),
    )?;
    println!(
        "Packed {} with its .sha256. Next:\n  git tag --sign v{version}\n\nTo build with Yocto, \
         set\n  TINYRUST_RELEASE = \"https://…/{name}\"\n  TINYRUST_RELEASE_SHA256 = \"{hash}\"",
        repo.shown(&path)
    );
    Ok(())
}

fn git(repo: &Repo) -> std::process::Command {
    let mut git = tool("git");
    git.arg("-C").arg(repo.root());
    git
}

fn write(path: &Path, text: &str) -> Result<()> {
    write_whole(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_says_the_same_version() {
        let version = of(&Repo::find().unwrap()).unwrap();
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn three_numbers_are_a_version() {
        require_version("1.0.10").unwrap();
        for wrong in ["1.0", "v1.0.0", "1.0.0-rc1", "1.0.x", ""] {
            assert!(require_version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_unreleased_gets_the_versions_name() {
        let text = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n";
        assert_eq!(
            dated(text, "0.2.0", "2026-09-01").unwrap(),
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-09-01)\n\n- New.\n\n\
             ## 0.1.0 (2026-01-02)\n\n- Old.\n"
        );
        let nothing = "## Unreleased\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n";
        assert!(dated(nothing, "0.2.0", "2026-09-01").is_err());
    }
}
