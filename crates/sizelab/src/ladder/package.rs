//! The package that is compiled: a copy, so that nothing in the checkout changes.
//!
//! Cargo compiles a package's dev-dependencies before its examples, and with them their features
//! come into what both depend on. No program needs them, so the copy has none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::recipe::Recipe;
use buildkit::command::{Log, output, tool};
use buildkit::files::read_toml;

impl Recipe {
    /// A copy of the package in `work`, to be built there.
    pub fn prepare(&self, work: &Path, log: &Log) -> Result<PathBuf> {
        let copy = work.join("package");
        copy_sources(&self.program.package, &copy)?;
        let manifest = copy.join("Cargo.toml");
        for (name, version) in &self.versions {
            let mut update = tool("cargo");
            update.args([
                "update",
                "--package",
                name,
                "--precise",
                version,
                "--manifest-path",
            ]);
            log.run(update.arg(&manifest).current_dir(&copy))?;
        }
        let mut table: toml::Table = read_toml(&manifest)?;
        table.remove("dev-dependencies");
        let mut text = toml::to_string(&table)?;
        for patch in &self.patches {
            let name = patch.file_stem().unwrap_or_default().to_string_lossy();
            let (krate, _) = name.rsplit_once('-').with_context(|| {
                format!("{}: name a patch crate-version.patch", patch.display())
            })?;
            let source = crate_source(&manifest, &name)?;
            let folder = work.join("crates").join(krate);
            fs::create_dir_all(work.join("crates"))?;
            log.run(tool("cp").arg("--recursive").arg(&source).arg(&folder))?;
            log.run(
                tool("patch")
                    .args(["--strip=1", "--no-backup-if-mismatch", "--input"])
                    .arg(patch)
                    .current_dir(&folder),
            )?;
            let place = toml::Value::from(folder.display().to_string());
            text.push_str(&format!("\n[patch.crates-io.{krate}]\npath = {place}\n"));
        }
        fs::write(&manifest, text)?;
        // Entries of the lock change their source or go; none changes its version.
        let mut relock = tool("cargo");
        relock.args(["update", "--workspace", "--offline", "--manifest-path"]);
        log.run(relock.arg(&manifest).current_dir(&copy))?;
        Ok(copy)
    }
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let inside = |path: &Path| path.strip_prefix(from).unwrap_or(path).to_owned();
    let entries = walkdir::WalkDir::new(from)
        .into_iter()
        .filter_entry(|entry| is_source(&inside(entry.path())));
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let place = to.join(inside(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&place)?;
        } else {
            fs::copy(entry.path(), &place)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Where cargo has the unpacked source of a crate, given as `name-version`.
fn crate_source(manifest: &Path, name: &str) -> Result<PathBuf> {
    let mut metadata = tool("cargo");
    metadata
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--manifest-path",
        ])
        .arg(manifest);
    if let Some(folder) = manifest.parent() {
        metadata.current_dir(folder);
    }
    let metadata: serde_json::Value = serde_json::from_str(&output(&mut metadata)?)?;
    let packages = metadata["packages"].as_array();
    let found = packages.into_iter().flatten().find_map(|package| {
        let (krate, version) = (package["name"].as_str()?, package["version"].as_str()?);
        let manifest = Path::new(package["manifest_path"].as_str()?);
        (format!("{krate}-{version}") == name).then(|| manifest.parent().map(Path::to_owned))?
    });
    found.with_context(|| {
        format!("the lock file has no {name}: adapt the patch to the locked version")
    })
}

/// What a program is compiled from, by its path in the package.
pub fn is_source(path: &Path) -> bool {
    let ignored = ["target", "tests", "proptest-regressions", "serve/tests"];
    let document = path.extension().is_some_and(|extension| extension == "md");
    !document
        && !ignored.iter().any(|folder| path.starts_with(folder))
        && path != Path::new("profiles.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_documents_do_not_make_another_program() {
        assert!(is_source(Path::new("src/main.rs")) && is_source(Path::new("src/page.html")));
        for path in ["target/x", "tests/a.rs", "README.md"] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }
}
