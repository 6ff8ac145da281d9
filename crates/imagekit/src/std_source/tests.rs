use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A crate as `cargo vendor` writes it.
fn vendored(folder: &Path, name: &str, version: &str, checksum: &str) {
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n");
    write(folder.join("Cargo.toml"), &manifest);
    write(folder.join("src/lib.rs"), "");
    let checksum = format!("{{\"files\":{{}},\"package\":\"{checksum}\"}}");
    write(folder.join(".cargo-checksum.json"), &checksum);
}

/// Rust's source, in little: std with two crates of a registry and one of its own, and what the
/// compiler and cargo's tests have beside it.
fn rust(root: &Path) {
    write(root.join(WITNESS), "");
    write(
        root.join("library/std/Cargo.toml"),
        "[package]\nname = \"std\"\n",
    );
    let package = |name, version, checksum| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://example.org/index\"\nchecksum = \"{checksum}\"\n"
        )
    };
    let lock = format!(
        "version = 4\n[[package]]\nname = \"core\"\nversion = \"0.0.0\"\n{}{}",
        package("hashbrown", "0.16.1", "aa"),
        package("wasi", "0.14.4+wasi-0.2.4", "bb")
    );
    write(root.join("library/Cargo.lock"), &lock);
    let imitation = root.join("src/tools/cargo/tests/mock-std/library/std/Cargo.toml");
    write(imitation, "");
}

/// The archive of a folder, the folder's name before each member.
fn archive(folder: &Path) -> PathBuf {
    let archive = folder.with_extension("tar.xz");
    let mut tar = Command::new("tar");
    tar.arg("-cJf").arg(&archive).arg("-C");
    tar.arg(folder.parent().unwrap());
    tar.arg(folder.file_name().unwrap());
    assert!(tar.status().unwrap().success());
    archive
}

/// What is in library/vendor/ of a folder.
fn names(into: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(into.join("library/vendor"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const BOTH: [&str; 2] = ["hashbrown-0.16.1", "wasi-0.14.4+wasi-0.2.4"];

#[test]
fn the_compilers_own_vendor_folder_has_the_crates_of_std_among_others() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("rustc-1.88.0-src");
    rust(&source);
    let vendor = source.join("vendor");
    vendored(&vendor.join(BOTH[0]), "hashbrown", "0.16.1", "aa");
    // Without the version in the folder's name, as older ones are; and the compiler's own.
    vendored(&vendor.join("wasi"), "wasi", "0.14.4+wasi-0.2.4", "bb");
    vendored(
        &vendor.join("hashbrown-0.15.0"),
        "hashbrown",
        "0.15.0",
        "cc",
    );
    vendored(&vendor.join("hashbrown"), "hashbrown", "0.14.0", "dd");
    for from in [source.clone(), archive(&source)] {
        let into = work.path().join("into");
        write(into.join("library/vendor/stale-1.0.0/Cargo.toml"), "");
        let outcome = lay_out(&from, &into).unwrap();
        assert_eq!((outcome.found, outcome.absent.len()), (2, 0), "{from:?}");
        assert_eq!(names(&into), BOTH, "{from:?}");
        assert!(into.join("library/std/Cargo.toml").is_file());
        assert!(!into.join("src").exists() && !into.join(".vendor").exists());
    }
}

#[test]
fn the_component_brings_its_own_crates() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("rust-src-1.97.1");
    let root = source.join("rust-src/lib/rustlib/src/rust");
    rust(&root);
    let vendor = root.join("library/vendor");
    vendored(&vendor.join(BOTH[0]), "hashbrown", "0.16.1", "aa");
    vendored(&vendor.join(BOTH[1]), "wasi", "0.14.4+wasi-0.2.4", "bb");
    for from in [source.clone(), archive(&source)] {
        let into = work.path().join("into");
        assert_eq!(lay_out(&from, &into).unwrap().found, 2, "{from:?}");
        assert_eq!(names(&into), BOTH, "{from:?}");
    }
}

#[test]
fn a_distribution_may_leave_out_what_its_systems_never_compile() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("usr/src/rustc-1.95.0");
    rust(&root);
    let vendor = root.join("library/vendor");
    vendored(&vendor.join(BOTH[0]), "hashbrown", "0.16.1", "aa");
    let outcome = lay_out(work.path(), &work.path().join("into")).unwrap();
    assert_eq!((outcome.found, outcome.absent), (1, vec![BOTH[1].into()]));
}

#[test]
fn a_source_without_std_or_without_any_of_its_crates_is_refused_by_name() {
    let work = tempfile::tempdir().unwrap();
    let empty = work.path().join("empty");
    write(empty.join("README"), "");
    let source = work.path().join("rust-src-1.95.0");
    rust(&source);
    for (from, said) in [
        (empty.clone(), "it has no library/std/src/sys/mod.rs"),
        (archive(&empty), "it has no library/std/src/sys/mod.rs"),
        (source.clone(), "use Rust's complete source"),
        (archive(&source), "use Rust's complete source"),
    ] {
        let error = lay_out(&from, &work.path().join("into")).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(said), "{error}");
        assert!(error.contains(from.to_str().unwrap()), "{error}");
    }
}

#[test]
fn another_package_in_the_locked_version_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("rustc-1.88.0-src");
    rust(&source);
    let vendor = source.join("vendor");
    vendored(&vendor.join(BOTH[0]), "hashbrown", "0.16.1", "ee");
    for from in [source.clone(), archive(&source)] {
        let error = lay_out(&from, &work.path().join("into")).unwrap_err();
        let error = error.to_string();
        let wanted = "hashbrown-0.16.1: checksum ee, expected aa";
        assert!(error.contains(wanted), "{error}");
    }
}
