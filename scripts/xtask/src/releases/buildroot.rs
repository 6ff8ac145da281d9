//! Defconfigs in one release of Buildroot.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::command::{output, tool};
use serde::Deserialize;

use super::{assigned, run};

/// What show-info says of a package.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    downloads: Vec<Download>,
    #[serde(default)]
    hashes: Vec<String>,
}

#[derive(Deserialize)]
struct Download {
    source: String,
    /// Where it comes from, the first first: `https+https://…`, `local+/folder`.
    uris: Vec<String>,
}

impl Download {
    /// What stands in a folder is not downloaded.
    fn is_local(&self) -> bool {
        self.uris
            .first()
            .is_some_and(|uri| uri.starts_with("local+"))
    }
}

/// A checkout of Buildroot.
pub(super) struct Buildroot {
    root: PathBuf,
    /// `2026.05.1`.
    pub(super) version: String,
    /// The Rust that it brings.
    pub(super) rust: String,
}

impl Buildroot {
    pub(super) fn open(root: &Path) -> Result<Self> {
        let released = assigned(&root.join("Makefile"), "BR2_VERSION")?;
        // A branch says the version of its last release; `2026.08-rc1-40-ge991fa0` is what it is.
        let mut describe = tool("git");
        describe.arg("-C").arg(root).args(["describe", "--tags"]);
        let described = root.join(".git").exists();
        let described = described.then(|| output(&mut describe)).transpose()?;
        Ok(Self {
            root: root.to_owned(),
            version: described.map_or(released, |name| name.trim().to_owned()),
            rust: assigned(
                &root.join("package/rust-bin/rust-bin.mk"),
                "RUST_BIN_VERSION",
            )?,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("Buildroot {}", self.version)
    }

    /// Every defconfig, without a warning, and as savedefconfig writes it.
    pub(super) fn loads(&self, repo: &Repo, work: &Path) -> Result<String> {
        let tree = repo.path("br2-external");
        let mut names: Vec<String> = fs::read_dir(tree.join("configs"))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        names.sort();
        fs::create_dir_all(work)?;
        for name in &names {
            self.load(&tree, work, name)
                .with_context(|| format!("{name} in {}", self.name()))?;
        }
        let default = names.iter().find(|name| *name == "tinyrust_defconfig");
        let default = default.context("there is no tinyrust_defconfig")?;
        self.load(&tree, work, default)?;
        Ok(format!("{} defconfigs", names.len()))
    }

    fn load(&self, tree: &Path, work: &Path, name: &str) -> Result<()> {
        // A configuration that is there would be one more source of values.
        let config = work.join(".config");
        if config.exists() {
            fs::remove_file(config)?;
        }
        let saved = work.join("saved");
        let mut make = self.make(work);
        make.arg(format!("BR2_EXTERNAL={}", tree.display()));
        make.arg(format!("DEFCONFIG={}", saved.display()));
        let said = run(make.args([name, "savedefconfig"]))?;
        if let Some(line) = said.lines().find(|line| line.contains("warning")) {
            bail!("it prints a warning: {line}");
        }
        let (ours, saved) = (
            fs::read_to_string(tree.join("configs").join(name))?,
            fs::read_to_string(&saved)?,
        );
        let differs = ours.lines().zip(saved.lines()).find(|(a, b)| a != b);
        if let Some((ours, saved)) = differs {
            bail!("savedefconfig writes {saved}, but the defconfig has {ours}");
        }
        ensure!(
            ours.lines().count() == saved.lines().count(),
            "savedefconfig writes a different number of lines"
        );
        Ok(())
    }

    /// Buildroot's own list of what the defconfig that was loaded last builds, with the checks of
    /// a real build; each file to be downloaded must have a checksum.
    pub(super) fn plans(&self, work: &Path) -> Result<String> {
        let said = run(self.make(work).args(["show-info", "BR_BUILDING=y"]))?;
        // make's own words may stand before and after.
        let json = said.find('{').zip(said.rfind('}'));
        let json = json.and_then(|(from, to)| said.get(from..=to));
        let packages: BTreeMap<String, Package> =
            serde_json::from_str(json.context("show-info prints no JSON")?)?;
        let mut files = 0;
        for (name, package) in &packages {
            // The checksums of crates are those of the lock files, laid down before the download.
            if name == "host-cargo-crates" {
                continue;
            }
            let hashes = package.hashes.iter().map(|path| self.root.join(path));
            let hashes = hashes
                .map(fs::read_to_string)
                .collect::<Result<String, _>>();
            let hashes = hashes.with_context(|| format!("the hash files of {name}"))?;
            for file in package.downloads.iter().filter(|file| !file.is_local()) {
                let known = |line: &str| line.split_whitespace().nth(2) == Some(&file.source);
                ensure!(
                    hashes.lines().any(known),
                    "{name}: no checksum for {} in {}",
                    file.source,
                    package.hashes.join(", ")
                );
                files += 1;
            }
        }
        Ok(format!(
            "{} packages of {DEFAULT_BOARD}, {files} files with checksums",
            packages.len()
        ))
    }

    fn make(&self, work: &Path) -> Command {
        let mut make = tool("make");
        make.args(["--silent", "-C"])
            .arg(&self.root)
            .arg(format!("O={}", work.display()));
        make
    }
}
