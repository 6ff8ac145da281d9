//! A copy of the checkout, for tests that change it or build it elsewhere.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::{Path, PathBuf};

use buildkit::checkout::Repo;

/// The checkout under test.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the checkout").to_owned()
}

/// Copies the files that git knows or would take, as they are now.
pub fn copy_checkout(to: &Path) {
    Repo::at(root())
        .copy_to(to)
        .expect("a copy of the checkout");
}
