//! The versions of the formats that are committed.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Result, ensure};

/// Fails where a file is of another version than this program reads.
pub fn require<T: PartialEq + Display + ?Sized>(path: &Path, found: &T, read: &T) -> Result<()> {
    ensure!(
        found == read,
        "{}: schema {found}, this program reads {read}",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_refused_with_both() {
        let path = Path::new("x.json");
        assert!(require(path, "a/1", "a/1").is_ok());
        let error = require(path, &2, &1).unwrap_err().to_string();
        assert_eq!(error, "x.json: schema 2, this program reads 1");
    }
}
