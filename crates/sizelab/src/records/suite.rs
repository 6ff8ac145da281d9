//! The boot tests of an image folder, and what they said: suite.json in it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use buildkit::checkout::Repo;
use buildkit::command::tool;
use buildkit::files::{read_json, to_json, write_whole};
use buildkit::key::sha256_file;

const FILE: &str = "suite.json";

/// What the boot tests said of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// Tests that passed.
    pub passed: usize,
    /// What the board does not have, a test each: `test: reason`.
    pub not_applicable: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub flash: String,
}

/// Runs them on the image that the direct build made of a board; the output is kept in logs/ and shown where one fails.
pub fn run(repo: &Repo, board: &str) -> Result<Suite> {
    let images = &repo.path("out").join(board);
    let log = images.join("logs/boot-tests.log");
    fs::create_dir_all(images.join("logs"))?;
    let file = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    println!("boot tests; their output: {}", repo.shown(&log));
    let results = images.join("logs/boot-tests.json");
    // Those of an earlier run are not this one's.
    let _ = fs::remove_file(&results);
    let status = tool("cargo")
        .current_dir(repo.root())
        .args(["test", "--test", "device"])
        .env_remove("TINYRUST_IMAGES")
        .env("TINYRUST_BOARD", board)
        .env("TINYRUST_RESULTS", &results)
        .stdout(file.try_clone()?)
        .stderr(Stdio::from(file))
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        println!("{}", String::from_utf8_lossy(&fs::read(&log)?));
        bail!("boot tests failed; their output: {}", repo.shown(&log));
    }
    let mut suite = parse(&fs::read_to_string(&results)?)
        .with_context(|| format!("the results of the boot tests; {}", repo.shown(&log)))?;
    suite.flash = sha256_file(&images.join("flash.bin"))?;
    for line in &suite.not_applicable {
        println!("not applicable: {line}");
    }
    println!(
        "boot tests: {} passed, {} not applicable",
        suite.passed,
        suite.not_applicable.len()
    );
    write_whole(&images.join(FILE), to_json(&suite)?)?;
    Ok(suite)
}

/// What the tests said of the image in the folder; nothing where they have not run on it.
pub fn of(images: &Path) -> Result<Option<Suite>> {
    let path = images.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let suite: Suite = read_json(&path)?;
    let same = suite.flash == sha256_file(&images.join("flash.bin"))?;
    // Which image it was says the measurement's own figures.
    Ok(same.then_some(Suite {
        flash: String::new(),
        ..suite
    }))
}

/// Reads the results as the boot tests' runner writes them (qemu/tests/device/harness.rs).
fn parse(results: &str) -> Result<Suite> {
    let suite: Suite = serde_json::from_str(results)?;
    ensure!(suite.passed > 0, "no boot test ran");
    Ok(suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_applicable_has_not_passed() {
        let results = r#"{"passed":35,"failed":0,"not_applicable":["slots::both: no slots"]}"#;
        let suite = parse(results).unwrap();
        assert_eq!(suite.passed, 35);
        assert_eq!(suite.not_applicable, ["slots::both: no slots"]);
        assert!(parse(&results.replace("35", "0")).is_err());
        assert!(parse("").is_err());
    }

    #[test]
    fn what_was_said_of_another_image_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(of(path).unwrap(), None);
        fs::write(path.join("flash.bin"), "1").unwrap();
        let suite = Suite {
            passed: 3,
            not_applicable: Vec::new(),
            flash: sha256_file(&path.join("flash.bin")).unwrap(),
        };
        fs::write(path.join(FILE), to_json(&suite).unwrap()).unwrap();
        assert_eq!(of(path).unwrap().unwrap().passed, 3);
        fs::write(path.join("flash.bin"), "2").unwrap();
        assert_eq!(of(path).unwrap(), None);
    }
}
