//! `imagekit crates`: the crates that rustc was given for a program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use imagekit::build_json::rustc_facts;
use sbom::program::{Request, inventory};
use sbom::{Component, Inventory};

/// Where the crates are found.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record of rustc's calls
    #[arg(long)]
    record: PathBuf,
    /// The target triple
    #[arg(long)]
    target: String,
    /// A program whose crates are listed [default: each program that was linked]
    #[arg(long = "program")]
    programs: Vec<String>,
    /// The rustc that compiled it: the standard library has its version
    #[arg(long, default_value = "rustc")]
    rustc: PathBuf,
    /// Copy each crate's licence files to a subfolder of this folder
    #[arg(long)]
    licenses: Option<PathBuf>,
    /// Write all that is known to this file, for `imagekit sbom --crates`, and print nothing
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Prints or writes them.
///
/// # Errors
/// When the record cannot be used, or a file not be written.
pub fn run(args: &Args) -> Result<()> {
    let facts = rustc_facts(&args.rustc)?;
    let request = Request {
        target: &args.target,
        programs: &args.programs,
        rust: facts.get("release").context("rustc has no release")?,
    };
    let found = inventory(&args.record, &request)?;
    if let Some(into) = &args.licenses {
        for one in &found.components {
            write_texts(one, into)?;
        }
    }
    match &args.json {
        Some(path) => found.write(path),
        None => {
            print!("{}", csv(&found));
            Ok(())
        }
    }
}

fn csv(found: &Inventory) -> String {
    let row = |one: &Component| {
        let license = match one.license.as_str() {
            "" => "unknown",
            text => text,
        };
        format!("\"{}\",\"{}\",\"{license}\"\n", one.name, one.version)
    };
    let rows: String = found.components.iter().map(row).collect();
    format!("\"CRATE\",\"VERSION\",\"LICENSE\"\n{rows}")
}

fn write_texts(one: &Component, into: &Path) -> Result<()> {
    let folder = into.join(format!("{}-{}", one.name, one.version));
    for text in &one.texts {
        let path = folder.join(&text.file);
        let above = path.parent().unwrap_or(&folder);
        std::fs::create_dir_all(above)
            .and_then(|()| std::fs::write(&path, &text.text))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
