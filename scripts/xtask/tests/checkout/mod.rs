//! A copy of the checkout, for tests that change it or build it elsewhere.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout under test.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the checkout").to_owned()
}

/// The files that git knows or would take, as they are now.
pub fn copy_checkout(to: &Path) {
    let listed = Command::new("git")
        .arg("-C")
        .arg(root())
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .expect("git");
    assert!(listed.status.success(), "git ls-files");
    let names = String::from_utf8(listed.stdout).expect("names in UTF-8");
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(name), to.join(name));
        // A file may be deleted and not committed yet.
        let Ok(data) = from.symlink_metadata() else {
            continue;
        };
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        if data.is_symlink() {
            let target = fs::read_link(&from).expect("a link");
            std::os::unix::fs::symlink(target, &to).expect("a link");
        } else {
            fs::copy(&from, &to).expect("a copy");
            // The programs of the copy are compiled again only where something changed.
            let file = fs::File::options().write(true).open(&to).expect("the copy");
            file.set_modified(data.modified().expect("a time"))
                .expect("setting a time");
        }
    }
}
