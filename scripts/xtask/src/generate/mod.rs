//! `cargo xtask generate`: everything in the tree that follows from boards/ and app/.

mod buildroot;
mod defconfig;
mod names;
mod profile_vars;
mod versions;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use buildkit::checkout::Repo;

/// Generated files with their texts, paths from the repository's root.
type Files = Vec<(PathBuf, String)>;

/// Writes all generated files, or with `check` compares them.
///
/// # Errors
/// When a source cannot be used, a file cannot be written, or one is stale.
pub fn run(repo: &Repo, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in files(repo)? {
        let full = repo.path(&path);
        if fs::read_to_string(&full).is_ok_and(|have| have == text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
            continue;
        }
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&full, text).with_context(|| format!("cannot write {}", full.display()))?;
        println!("{}", path.display());
    }
    ensure!(
        stale.is_empty(),
        "stale, run `cargo xtask generate`:\n  {}",
        stale.join("\n  ")
    );
    Ok(())
}

fn files(repo: &Repo) -> Result<Files> {
    let mut all = buildroot::files(repo)?;
    all.extend(versions::files(repo)?);
    Ok(all)
}
