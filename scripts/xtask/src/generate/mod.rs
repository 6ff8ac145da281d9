//! `cargo xtask generate`: everything in the tree that follows from boards/, app/ and
//! docs/measurements/.

mod buildroot;
mod defconfig;
mod names;
mod versions;
mod yocto;

pub(crate) use yocto::crates_include;

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use buildkit::checkout::Repo;
use buildkit::files::write_whole;
use sizelab::cross;

use crate::docs;

/// Generated files with their texts, paths from the repository's root.
type Files = Vec<(PathBuf, String)>;

/// What `cargo xtask generate` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Change nothing; fail if a file is stale
    #[arg(long)]
    check: bool,
}

impl Arguments {
    /// Writes, or checks.
    ///
    /// # Errors
    /// When a source cannot be used, a file cannot be written, or one is stale.
    pub fn run(&self, repo: &Repo) -> Result<()> {
        run(repo, self.check)
    }
}

/// Writes all generated files and removes those of boards that are gone, or with `check`
/// compares them.
fn run(repo: &Repo, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    let files = files(repo)?;
    for path in gone(repo, &files)? {
        if check {
            stale.push(format!(
                "{} (belongs to no board in boards/)",
                path.display()
            ));
        } else {
            fs::remove_file(repo.path(&path))?;
            println!("{} removed", path.display());
        }
    }
    for (path, text) in files {
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
        write_whole(&full, text)?;
        println!("{}", path.display());
    }
    stale.extend(docs::print(repo, check)?);
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
    all.extend(yocto::files(repo)?);
    let cross = cross::cross_toml(&cross::definitions(repo)?);
    all.push(("app/Cross.toml".into(), cross));
    Ok(all)
}

/// Files in folders of nothing but generated ones that nothing generates any more.
fn gone(repo: &Repo, files: &Files) -> Result<Vec<PathBuf>> {
    let mut gone = Vec::new();
    for folder in [buildroot::generated(), yocto::machines()] {
        for entry in fs::read_dir(repo.path(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let known = files.iter().any(|(file, _)| *file == path);
            if entry.file_type()?.is_file() && !known {
                gone.push(path);
            }
        }
    }
    Ok(gone)
}
