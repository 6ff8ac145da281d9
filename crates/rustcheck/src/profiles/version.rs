//! Versions of Rust.

use std::fmt;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// A release of Rust. What stands behind a hyphen (`1.99.0-nightly`) does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version([u32; 3]);

impl Version {
    /// Reads `1.92` or `1.92.0`.
    ///
    /// # Errors
    /// When the text is no version.
    pub fn parse(text: &str) -> Result<Self> {
        let release = text.split('-').next().unwrap_or_default();
        let mut parts = release.split('.').map(str::parse);
        let version = (|| {
            let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
            let patch = parts.next().unwrap_or(Ok(0)).ok()?;
            parts
                .next()
                .is_none()
                .then_some(Self([major, minor, patch]))
        })();
        version.with_context(|| format!("{text:?} is not a version of Rust such as 1.92.0"))
    }

    /// Finds the release in what `rustc -vV` prints.
    ///
    /// # Errors
    /// When there is none.
    pub fn of_rustc(verbose: &str) -> Result<Self> {
        Self::parse(release(verbose)?)
    }
}

/// The release in what `rustc -vV` prints, as it stands there: `1.92.0`, `1.99.0-nightly`.
///
/// # Errors
/// When there is none.
pub fn release(verbose: &str) -> Result<&str> {
    let mut lines = verbose.lines();
    let release = lines.find_map(|line| line.strip_prefix("release: "));
    release.context("rustc -vV prints no release")
}

impl TryFrom<String> for Version {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(to, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let of = |text| Version::parse(text).unwrap();
        assert!(of("1.100") > of("1.92.1") && of("1.92.1") > of("1.92"));
        assert_eq!(of("1.92"), of("1.92.0-beta.3"));
        assert_eq!(of("1.92").to_string(), "1.92.0");
        for wrong in ["", "1", "1.x", "1.2.3.4", "stable", "1.92.0_1"] {
            assert!(Version::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rustc_says_its_own() {
        let verbose =
            "rustc 1.97.1 (abc 2026-07-01)\nbinary: rustc\nrelease: 1.97.1\nLLVM version: 22\n";
        assert_eq!(Version::of_rustc(verbose).unwrap(), Version([1, 97, 1]));
        assert!(Version::of_rustc("cargo 1.97.1\n").is_err());
    }
}
