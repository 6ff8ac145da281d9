//! The boot tests of an image folder, and what they said: suite.json in it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use buildkit::checkout::Repo;
use buildkit::command::tool;
use buildkit::files::{read_json, to_json};
use buildkit::key::sha256_file;

const FILE: &str = "suite.json";

/// What the boot tests said of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// Tests that passed, those that are not applicable included.
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
    let status = tool("cargo")
        .current_dir(repo.root())
        .args([
            "test",
            "--package",
            "tinyrust-qemu",
            "--test",
            "*",
            "--no-fail-fast",
        ])
        .env_remove("TINYRUST_IMAGES")
        .env("TINYRUST_BOARD", board)
        .stdout(file.try_clone()?)
        .stderr(Stdio::from(file))
        .status()
        .context("cannot run cargo")?;
    let printed = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        println!("{printed}");
        bail!("boot tests failed; their output: {}", repo.shown(&log));
    }
    let mut suite = parse(&printed)?;
    suite.flash = sha256_file(&images.join("flash.bin"))?;
    for line in &suite.not_applicable {
        println!("not applicable: {line}");
    }
    println!(
        "boot tests: {} passed, {} of them not applicable",
        suite.passed,
        suite.not_applicable.len()
    );
    fs::write(images.join(FILE), to_json(&suite)?)?;
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

/// Reads the output of cargo's test runner and the lines `not applicable: TEST: REASON`.
fn parse(printed: &str) -> Result<Suite> {
    let mut passed = 0;
    let mut not_applicable = Vec::new();
    for line in printed.lines() {
        if let Some(result) = line.strip_prefix("test result: ok. ") {
            let number = result.split(' ').next().unwrap_or_default();
            passed += number.parse::<usize>().with_context(|| line.to_owned())?;
        }
        // Whatever stands before it: the runner does not end its own lines first.
        if let Some((_, test)) = line.split_once("not applicable: ") {
            not_applicable.push(test.to_owned());
        }
    }
    not_applicable.sort();
    not_applicable.dedup();
    ensure!(passed > 0, "no boot test ran");
    Ok(Suite {
        passed,
        not_applicable,
        flash: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_added_up_and_what_is_not_applicable_is_listed_once() {
        let printed = "\
test boots ... ok
test slots::both ... not applicable: slots::both: board.toml has no [u-boot]
ok
test result: ok. 31 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.1s
not applicable: slots::both: board.toml has no [u-boot]
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
";
        let suite = parse(printed).unwrap();
        assert_eq!(suite.passed, 35);
        assert_eq!(
            suite.not_applicable,
            ["slots::both: board.toml has no [u-boot]"]
        );
        assert!(parse("test result: ok. 0 passed; 0 failed").is_err());
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
