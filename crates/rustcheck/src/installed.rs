//! The programs among a package's files, and the recorded calls that linked them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::record::{Call, sha256_file};
use crate::verify::Program;

/// The executable ELF files below a folder, each with the name of the program it is.
///
/// # Errors
/// When one is no program whose build was recorded: with those that were.
pub fn programs(calls: &[Call], target: &str, folder: &Path) -> Result<Vec<Program>> {
    let linked = |call: &&Call| call.links() && call.value("--target") == Some(target);
    let mut programs = Vec::new();
    for file in executables(folder)? {
        let hash = sha256_file(&file)?;
        let mut links = calls.iter().rev().filter(linked);
        let Some(link) = links.find(|call| call.program_sha256.as_ref() == Some(&hash)) else {
            let recorded = calls.iter().filter(linked).map(Call::crate_name);
            let recorded = recorded.collect::<Vec<_>>().join(", ");
            bail!(
                "{}: no build of this program was recorded (SHA-256 {hash}; recorded for \
                 {target}: {}); it comes from another build, or was changed after linking",
                file.display(),
                if recorded.is_empty() {
                    "none"
                } else {
                    &recorded
                }
            );
        };
        programs.push(Program {
            name: link.crate_name().to_owned(),
            file: Some(file),
        });
    }
    Ok(programs)
}

/// In the order of their paths; shared libraries are no programs.
fn executables(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        let entries = fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                ahead.push(path);
            } else if kind.is_file() && is_executable(&path)? {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_executable(path: &Path) -> Result<bool> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let shared = name.ends_with(".so") || name.contains(".so.");
    if shared || fs::metadata(path)?.permissions().mode() & 0o111 == 0 {
        return Ok(false);
    }
    let mut head = Vec::new();
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(4).read_to_end(&mut head)?;
    Ok(head == *b"\x7fELF")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(folder: &Path, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn link(name: &str, file: &Path) -> Call {
        let words = ["--crate-name", name, "--crate-type", "bin", "--target", "t"];
        Call {
            args: words.map(str::to_owned).to_vec(),
            program_sha256: Some(sha256_file(file).unwrap()),
            package: None,
        }
    }

    #[test]
    fn a_program_is_found_under_whatever_name_it_was_installed() {
        let folder = tempfile::tempdir().unwrap();
        let file = install(folder.path(), "usr/bin/other", b"\x7fELF one", 0o755);
        install(folder.path(), "usr/lib/liba.so", b"\x7fELF two", 0o755);
        install(folder.path(), "etc/init.d/script", b"#!/bin/sh", 0o755);
        install(folder.path(), "usr/lib/a.o", b"\x7fELF three", 0o644);
        let calls = [link("own", &file)];
        let found = programs(&calls, "t", folder.path()).unwrap();
        let expected = Program {
            name: "own".into(),
            file: Some(file),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_program_of_another_build_is_named_with_those_that_were_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let file = install(folder.path(), "usr/bin/own", b"\x7fELF one", 0o755);
        let calls = [link("own", &file)];
        fs::write(&file, b"\x7fELF other").unwrap();
        let error = programs(&calls, "t", folder.path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("usr/bin/own: no build of this program"),
            "{error}"
        );
        assert!(error.contains("recorded for t: own"), "{error}");
        let error = programs(&[], "t", folder.path()).unwrap_err().to_string();
        assert!(error.contains("recorded for t: none"), "{error}");
    }
}
