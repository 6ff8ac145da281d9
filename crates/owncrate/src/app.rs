//! tinyrust.toml: how a program is started on the device, and where it answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use board::units::Bytes;
use serde::{Deserialize, Deserializer};

/// The file beside a crate's Cargo.toml.
pub const FILE: &str = "tinyrust.toml";

/// What tinyrust.toml says (`[app]`). Without the file everything is as [`App::default`] has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct App {
    /// What the program is started with.
    pub arguments: Vec<String>,
    /// What is added to its environment.
    pub environment: BTreeMap<String, String>,
    /// Its working directory on the device; by default the one that its user may write to.
    pub directory: Option<String>,
    /// The port it listens on; by default 80.
    pub port: Option<u16>,
    /// A path that it answers with status 200; by default `/`.
    pub path: Option<String>,
    /// A folder that is laid over the root file system, beside this file.
    pub overlay: Option<PathBuf>,
    /// What the program may take on flash; by default what the partition holds.
    #[serde(deserialize_with = "size")]
    pub budget: Option<Bytes>,
    /// The program, where the crate has several.
    pub bin: Option<String>,
    /// Features of the crate.
    pub features: Vec<String>,
    /// Whether its default features are on as well; by default they are.
    pub default_features: Option<bool>,
}

/// A size with its unit, as board.toml has it.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    app: App,
}

impl App {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or has something else than a table `[app]` with these keys.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let mut app = toml::from_str::<File>(&text)
            .with_context(|| format!("cannot use {shown}"))?
            .app;
        if let Some(overlay) = &mut app.overlay {
            *overlay = path.parent().unwrap_or(Path::new("")).join(&overlay);
            ensure!(
                overlay.is_dir(),
                "{shown}: overlay: {} is not a folder",
                overlay.display()
            );
        }
        for name in app.environment.keys() {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            ensure!(
                !name.is_empty()
                    && name.chars().all(plain)
                    && !name.starts_with(|c: char| c.is_ascii_digit()),
                "{shown}: environment: `{name}` is not a variable name: use letters, digits and _"
            );
        }
        let absolute = app
            .directory
            .as_ref()
            .is_none_or(|path| path.starts_with('/'));
        ensure!(
            absolute,
            "{shown}: directory: write an absolute path, as in /data/tinyrust"
        );
        Ok(app)
    }

    /// That of a crate's folder, where it has one.
    ///
    /// # Errors
    /// As [`App::read`].
    pub fn beside(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        path.is_file().then(|| Self::read(&path)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<App> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let read = App::beside(folder.path()).map(Option::unwrap);
        assert_eq!(App::beside(&folder.path().join("files")).unwrap(), None);
        read
    }

    #[test]
    fn every_key_is_read_and_none_is_needed() {
        assert_eq!(read("[app]\n").unwrap(), App::default());
        let app = read(
            "[app]\narguments = ['-p', '8080']\nenvironment = { RUST_LOG = 'info' }\n\
             directory = '/data/tinyrust'\nport = 8080\npath = '/up'\noverlay = 'files'\n\
             budget = '900 KiB'\nbin = 'b'\nfeatures = ['x']\ndefault-features = false\n",
        )
        .unwrap();
        assert_eq!(app.arguments, ["-p", "8080"]);
        assert_eq!((app.port, app.budget), (Some(8080), Some(Bytes(900 << 10))));
        assert!(app.overlay.unwrap().ends_with("files"));
    }

    #[test]
    fn what_cannot_be_is_named_with_the_file() {
        for (wrong, said) in [
            ("", "missing field `app`"),
            ("[app]\nprot = 1", "unknown field `prot`"),
            ("[app]\nport = 70000", "70000"),
            ("[app]\nbudget = '900'", "budget"),
            ("[app]\noverlay = 'none'", "none is not a folder"),
            ("[app]\nenvironment = { 'A B' = '' }", "`A B`"),
            ("[app]\ndirectory = 'data'", "write an absolute path"),
        ] {
            let error = format!("{:#}", read(wrong).unwrap_err());
            assert!(
                error.contains(FILE) && error.contains(said),
                "{wrong}: {error}"
            );
        }
    }
}
