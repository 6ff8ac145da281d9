//! The crates that are in the program: read from the calls of rustc, not from the lock,
//! which also lists what other targets and features would take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::record;

/// Where the crates are found.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record of rustc's calls
    #[arg(long)]
    pub record: PathBuf,
    /// The target triple
    #[arg(long)]
    pub target: String,
    /// Copy each crate's licence files to a subfolder of this folder
    #[arg(long)]
    pub licenses: Option<PathBuf>,
}

/// A crate, as its own Cargo.toml has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// Its name on the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its SPDX expression; `unknown` where the crate gives only a file.
    pub license: String,
    /// The folder of its source.
    pub folder: PathBuf,
    /// The SHA-256 of the package, of its `.cargo-checksum.json`.
    pub sha256: Option<String>,
}

/// Prints the crates as CSV.
///
/// # Errors
/// When the record or a crate's Cargo.toml cannot be read.
pub fn run(args: &Args) -> Result<()> {
    let all = compiled(args)?;
    println!("\"CRATE\",\"VERSION\",\"LICENSE\"");
    for one in &all {
        println!("\"{}\",\"{}\",\"{}\"", one.name, one.version, one.license);
        if let Some(into) = &args.licenses {
            copy_licenses(one, into)?;
        }
    }
    Ok(())
}

/// The crates of a registry that were compiled for the target, by name and version.
///
/// # Errors
/// When the record cannot be read, names no crate, or a crate's Cargo.toml cannot be used.
pub fn compiled(args: &Args) -> Result<Vec<Crate>> {
    let mut all = BTreeMap::new();
    for call in record::read(&args.record)? {
        let for_target = call.value("--target") == Some(&args.target);
        if let Some(source) = call.source().filter(|_| for_target)
            && let Some(found) = load(source)?
        {
            all.insert((found.name.clone(), found.version.clone()), found);
        }
    }
    ensure!(
        !all.is_empty(),
        "{}: no crate from a registry was compiled",
        args.record.display()
    );
    Ok(all.into_values().collect())
}

/// The crate that a source file belongs to: the nearest folder above with a checksum.
fn load(source: &Path) -> Result<Option<Crate>> {
    let Some(folder) = source
        .ancestors()
        .find(|up| up.join(".cargo-checksum.json").is_file())
    else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(folder.join("Cargo.toml"))?;
    let manifest = toml::from_str::<toml::Table>(&text)
        .with_context(|| format!("cannot use {}/Cargo.toml", folder.display()))?;
    let say = |key: &str| {
        let value = manifest.get("package")?.get(key)?.as_str()?;
        Some(value.to_owned())
    };
    let checksum = std::fs::read_to_string(folder.join(".cargo-checksum.json"))?;
    let checksum = serde_json::from_str::<serde_json::Value>(&checksum)?;
    Ok(Some(Crate {
        name: say("name").context("the crate has no name")?,
        version: say("version").context("the crate has no version")?,
        license: say("license").unwrap_or_else(|| "unknown".to_owned()),
        folder: folder.to_owned(),
        sha256: checksum
            .get("package")
            .and_then(|sum| sum.as_str())
            .map(str::to_owned),
    }))
}

fn copy_licenses(one: &Crate, into: &Path) -> Result<()> {
    let folder = into.join(format!("{}-{}", one.name, one.version));
    for entry in std::fs::read_dir(&one.folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let upper = name.to_uppercase();
        let is_license = ["LICEN", "COPYING", "NOTICE", "UNLICENSE", "COPYRIGHT"]
            .iter()
            .any(|start| upper.starts_with(start));
        if is_license && path.is_file() {
            std::fs::create_dir_all(&folder)?;
            std::fs::copy(&path, folder.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A record of one crate of a registry, one of the repository and one for the host.
    pub fn record_of(dir: &Path) -> PathBuf {
        let folder = dir.join("vendor/http-1.2.3");
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::write(
            folder.join(".cargo-checksum.json"),
            r#"{"files":{},"package":"ab12"}"#,
        )
        .unwrap();
        std::fs::write(
            folder.join("Cargo.toml"),
            "[package]\nname = \"http\"\nversion = \"1.2.3\"\nlicense = \"MIT OR Apache-2.0\"\n",
        )
        .unwrap();
        std::fs::write(folder.join("LICENSE-MIT"), "mit").unwrap();
        let source = folder.join("src/lib.rs");
        let call = |words: &[&str]| json!({ "args": words }).to_string() + "\n";
        let text = [
            call(&[
                "--crate-name",
                "http",
                source.to_str().unwrap(),
                "--target",
                "t",
            ]),
            call(&["--crate-name", "own", "src/main.rs", "--target", "t"]),
            call(&["--crate-name", "build_script_build", "build.rs"]),
        ];
        let record = dir.join("rustc.jsonl");
        std::fs::write(&record, text.concat()).unwrap();
        record
    }

    #[test]
    fn the_crates_of_the_target_are_listed_with_their_licences() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("legal");
        let args = Args {
            record: record_of(dir.path()),
            target: "t".into(),
            licenses: Some(into.clone()),
        };
        let all = compiled(&args).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].name.as_str(), all[0].license.as_str()),
            ("http", "MIT OR Apache-2.0")
        );
        run(&args).unwrap();
        assert!(into.join("http-1.2.3/LICENSE-MIT").is_file());
    }

    #[test]
    fn nothing_compiled_is_an_error_and_not_an_empty_list() {
        let dir = tempfile::tempdir().unwrap();
        let args = Args {
            record: record_of(dir.path()),
            target: "other".into(),
            licenses: None,
        };
        assert!(
            compiled(&args)
                .unwrap_err()
                .to_string()
                .contains("no crate")
        );
    }
}
