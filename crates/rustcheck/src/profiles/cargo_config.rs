//! What cargo and rustc are given for a resolved profile, and what rustc is to be seen to get.
//!
//! A config file and not words of a command line: cargo takes it with `--config FILE`, no shell
//! has anything to quote, and its settings are stronger than the environment's (The Cargo Book,
//! "Command-line overrides").

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Resolved, manifest};
use crate::verify::Expected;

/// Between the flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: char = '\u{1f}';

/// The files of a folder that [`Resolved::write`] fills.
const CONFIG: &str = "config.toml";
const RUSTFLAGS: &str = "rustflags";
const EXPECTED: &str = "expected.json";

/// expected.json.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// The compiler, as it describes itself: another one builds everything anew.
    rust: String,
    #[serde(flatten)]
    expected: Expected,
}

impl Resolved {
    /// Cargo's unstable options, by their names in its `[unstable]` table.
    fn unstable(&self) -> Vec<(&str, toml::Value)> {
        let lists = [
            ("build-std", &self.build_std),
            ("build-std-features", &self.build_std_features),
        ];
        let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
        let lists = lists.map(|(name, list)| (name, toml::Value::from(list.clone())));
        let switches = self.cargo.iter().map(|name| (&**name, true.into()));
        lists.chain(switches).collect()
    }

    /// The settings of the cargo profile of that name.
    fn profile(&self, cargo_profile: &str) -> Vec<(String, toml::Value)> {
        // Cargo refuses a profile that a crate does not have and that inherits nothing.
        let parent =
            (cargo_profile != "release").then(|| ("inherits".to_owned(), "release".into()));
        let settings = self.settings.iter();
        let settings = settings.map(|(key, value)| (key.clone(), value.clone()));
        parent.into_iter().chain(settings).collect()
    }

    /// The words of a command line that lay the profile on cargo's profile `cargo_profile`.
    #[must_use]
    pub fn arguments(&self, cargo_profile: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (name, value) in self.unstable() {
            words.push(match value {
                toml::Value::Array(list) => {
                    let list = list.iter().filter_map(toml::Value::as_str);
                    format!("-Z{name}={}", list.collect::<Vec<_>>().join(","))
                }
                _ => format!("-Z{name}"),
            });
        }
        for (key, value) in self.profile(cargo_profile) {
            let key = key_path(&["profile", cargo_profile, &key]);
            words.extend(["--config".to_owned(), format!("{key}={value}")]);
        }
        words
    }

    /// The same as the text of a config file, with the flags of rustc for a target. They count
    /// where the environment has none.
    #[must_use]
    pub fn config(&self, cargo_profile: &str, expected: &Expected) -> String {
        let mut text = String::new();
        let mut say = |path: &[&str], value: &toml::Value| {
            let _ = writeln!(text, "{} = {value}", key_path(path));
        };
        for (name, value) in self.unstable() {
            say(&["unstable", name], &value);
        }
        for (key, value) in self.profile(cargo_profile) {
            say(&["profile", cargo_profile, &key], &value);
        }
        let flags = toml::Value::from(expected.rustflags.clone());
        say(&["target", &expected.target, "rustflags"], &flags);
        text
    }

    /// What rustc is to be given for every crate: the target's own flags, the profile's, then
    /// those that come `after` it.
    #[must_use]
    pub fn expected(&self, target: &str, before: &[String], after: &[String]) -> Expected {
        Expected {
            target: target.to_owned(),
            codegen: manifest::codegen(&self.settings),
            lto: manifest::lto(&self.settings),
            rustflags: [before, &self.rustflags, after].concat(),
            build_std: !self.build_std.is_empty(),
            build_std_features: self.build_std_features.clone(),
            programs: Vec::new(),
        }
    }

    /// Fills a folder for a build in another process: `config.toml` for cargo's `--config`,
    /// `rustflags` for `CARGO_ENCODED_RUSTFLAGS`, `expected.json` for the check afterwards.
    ///
    /// # Errors
    /// When a flag cannot be encoded, or a file cannot be written.
    pub fn write(
        &self,
        folder: &Path,
        cargo_profile: &str,
        expected: &Expected,
        rust: &str,
    ) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let told = Told {
            rust: rust.to_owned(),
            expected: expected.clone(),
        };
        for (name, text) in [
            (CONFIG, self.config(cargo_profile, expected)),
            (RUSTFLAGS, encode(&expected.rustflags)?),
            (EXPECTED, serde_json::to_string_pretty(&told)? + "\n"),
        ] {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// The value of `CARGO_ENCODED_RUSTFLAGS`, which beats every other source of flags.
///
/// # Errors
/// When a flag holds the separator.
pub fn encode(flags: &[String]) -> Result<String> {
    for flag in flags {
        ensure!(
            !flag.is_empty() && !flag.contains([SEPARATOR, '\0', '\n']),
            "{flag:?} cannot be a flag of rustc: it is empty, or contains a line break or a \
             separator"
        );
    }
    Ok(flags.join(&SEPARATOR.to_string()))
}

/// Reads what a folder says is to be seen.
///
/// # Errors
/// When the file is not there or is none of [`Resolved::write`]'s.
pub fn expected(folder: &Path) -> Result<Expected> {
    let path = folder.join(EXPECTED);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}, which imagekit cargo-config writes before the build",
            path.display()
        )
    })?;
    let told: Told =
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    Ok(told.expected)
}

/// A dotted key of TOML.
fn key_path(parts: &[&str]) -> String {
    let bare = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let parts = parts.iter().map(|&part| match bare(part) {
        true => part.to_owned(),
        // As a string of JSON, which TOML's basic strings understand; toml's own may be a
        // multi-line one, which is no key.
        false => serde_json::Value::from(part).to_string(),
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolved() -> Resolved {
        Resolved {
            build_std: vec!["std".into(), "panic_abort".into()],
            build_std_features: vec!["optimize_for_size".into()],
            cargo: vec!["panic-immediate-abort".into()],
            rustflags: vec!["-Zlocation-detail=none".into()],
            settings: toml::from_str("panic = \"immediate-abort\"\nopt-level = \"z\"").unwrap(),
            ..Resolved::default()
        }
    }

    #[test]
    fn what_the_manifest_cannot_say_is_said_on_the_command_line() {
        assert_eq!(
            resolved().arguments("tiny-diag"),
            [
                "-Zbuild-std=std,panic_abort",
                "-Zbuild-std-features=optimize_for_size",
                "-Zpanic-immediate-abort",
                "--config",
                "profile.tiny-diag.inherits=\"release\"",
                "--config",
                "profile.tiny-diag.opt-level=\"z\"",
                "--config",
                "profile.tiny-diag.panic=\"immediate-abort\"",
            ]
        );
        assert!(Resolved::default().arguments("release").is_empty());
    }

    #[test]
    fn a_config_file_says_the_same_and_the_flags() {
        let resolved = resolved();
        let board = ["-Ctarget-feature=+thumb-mode".to_owned()];
        let linker = ["-Clink-arg=-lgcc".to_owned()];
        let expected = resolved.expected("thumbv7.x", &board, &linker);
        assert_eq!(
            resolved.config("release", &expected),
            "unstable.build-std = [\"std\", \"panic_abort\"]\n\
             unstable.build-std-features = [\"optimize_for_size\"]\n\
             unstable.panic-immediate-abort = true\n\
             profile.release.opt-level = \"z\"\n\
             profile.release.panic = \"immediate-abort\"\n\
             target.\"thumbv7.x\".rustflags = [\"-Ctarget-feature=+thumb-mode\", \
             \"-Zlocation-detail=none\", \"-Clink-arg=-lgcc\"]\n"
        );
    }

    #[test]
    fn a_folder_holds_what_the_check_reads() {
        let folder = tempfile::tempdir().unwrap();
        let resolved = resolved();
        let expected = resolved.expected("t", &[], &["-Cx".to_owned()]);
        resolved
            .write(folder.path(), "tiny", &expected, "rustc 1")
            .unwrap();
        assert_eq!(super::expected(folder.path()).unwrap(), expected);
        let flags = fs::read_to_string(folder.path().join(RUSTFLAGS)).unwrap();
        assert_eq!(flags, "-Zlocation-detail=none\u{1f}-Cx");
        let error = super::expected(Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("cargo-config"), "{error}");
    }

    #[test]
    fn a_flag_that_cannot_be_encoded_is_an_error() {
        for flag in ["", "a\u{1f}b", "a\nb"] {
            assert!(encode(&[flag.to_owned()]).is_err(), "{flag:?}");
        }
    }

    proptest! {
        #[test]
        fn every_character_survives_the_config_file(name in "\\PC{1,12}", flag in "\\PC{1,20}") {
            let resolved = resolved();
            let expected = resolved.expected("t", &[], std::slice::from_ref(&flag));
            let read: toml::Table = toml::from_str(&resolved.config(&name, &expected)).unwrap();
            let panic = read["profile"][&name]["panic"].as_str();
            prop_assert_eq!(panic, Some("immediate-abort"));
            prop_assert_eq!(read["target"]["t"]["rustflags"][1].as_str(), Some(&*flag));
        }
    }
}
