//! The same inputs make the same bytes: where and when the programs are compiled does not show in
//! them.
//!
//! The default board's programs are built once more, in another checkout, with a cache and a
//! cargo home of its own, and compared with those that the checkout makes. What both have in
//! common is the compiler: rustc's own folder, musl and GCC.

mod checkout;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use buildkit::cache::Cache;
use buildkit::checkout::DEFAULT_BOARD;
use checkout::{copy_checkout, root};

/// The programs that `cargo xtask app` names, in that checkout.
fn programs(checkout: &Path, environment: &[(&str, &Path)]) -> Vec<PathBuf> {
    let mut app = Command::new(env!("CARGO_BIN_EXE_xtask"));
    app.args(["app", "--board", DEFAULT_BOARD])
        .current_dir(checkout)
        // Cargo's own, for this test: the program looks for its checkout by it.
        .env_remove("CARGO_MANIFEST_DIR")
        .envs(environment.iter().copied());
    let output = app.output().expect("xtask");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    let paths = said
        .lines()
        .filter_map(|line| line.strip_suffix(" bytes")?.rsplit_once(' '));
    paths.map(|(path, _)| path.into()).collect()
}

/// A folder that holds what `folder` holds, by links, but for what is named.
fn linked(folder: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let entry = entry.expect("an entry");
        if !without
            .iter()
            .any(|name| entry.file_name() == OsStr::new(name))
        {
            symlink(entry.path(), to.join(entry.file_name())).expect("a link");
        }
    }
}

fn own_cargo_home() -> PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").expect("HOME")).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

#[test]
#[ignore = "compiles std and the app once more: make same-bytes"]
fn another_folder_makes_the_same_programs() {
    let expected = programs(&root(), &[]);

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("same-bytes");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("removing what the last run left");
    }
    let copy = folder.join("another/place/for/the/checkout");
    fs::create_dir_all(&copy).expect("a folder");
    // With the history: the program says which revision it is of.
    let git = |arguments: &[&OsStr]| {
        let status = Command::new("git").args(arguments).status().expect("git");
        assert!(status.success(), "git {arguments:?}");
    };
    let (from, to) = (root(), copy.as_os_str());
    let clone = ["clone", "--quiet", "--shared", "--no-checkout"].map(OsStr::new);
    git(&[&clone[..], &[from.as_os_str(), to]].concat());
    git(&[
        OsStr::new("-C"),
        to,
        OsStr::new("reset"),
        OsStr::new("--quiet"),
    ]);
    copy_checkout(&copy);

    let (cache, cargo_home) = (folder.join("cache"), folder.join("cargo-home"));
    let own = ["app", "locks", "logs", "tmp"];
    let shared = Cache::from_environment().expect("the cache");
    linked(shared.root(), &cache, &own);
    linked(&own_cargo_home(), &cargo_home, &[]);
    let environment = [
        ("TINYRUST_CACHE", cache.as_path()),
        ("CARGO_HOME", cargo_home.as_path()),
    ];
    let found = programs(&copy, &environment);

    assert_eq!(expected.len(), 2, "{expected:?}");
    for (expected, found) in expected.iter().zip(&found) {
        assert!(found.starts_with(&cache), "{}", found.display());
        let bytes = [expected, found].map(|path| fs::read(path).expect("a program"));
        let different = bytes[0].iter().zip(&bytes[1]).filter(|(a, b)| a != b);
        assert!(
            bytes[0] == bytes[1],
            "{} ({} bytes) and {} ({} bytes) differ in {} bytes",
            expected.display(),
            bytes[0].len(),
            found.display(),
            bytes[1].len(),
            different.count()
        );
    }
    fs::remove_dir_all(&folder).expect("the test's own");
}
