//! Size profiles: app/profiles.toml for what Cargo.toml cannot say on a stable compiler, and
//! the profile of app/Cargo.toml that it completes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::verify::Lto;

/// A table of app/profiles.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// The crates of the standard library that are compiled anew; empty: the prebuilt one.
    #[serde(default)]
    pub build_std: Vec<String>,
    /// Features of the standard library.
    #[serde(default)]
    pub build_std_features: Vec<String>,
    /// The panic strategy, where it is one that Cargo.toml does not take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
    /// Flags of rustc.
    #[serde(default)]
    pub rustflags: Vec<String>,
}

/// A profile of a Cargo.toml with everything it inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoProfile {
    /// `-C` options that follow from it.
    pub codegen: BTreeMap<String, String>,
    /// Its link-time optimization.
    pub lto: Lto,
}

impl CargoProfile {
    /// The profile with the panic strategy that only profiles.toml can name.
    #[must_use]
    pub fn completed_by(mut self, profile: &Profile) -> Self {
        if let Some(panic) = &profile.panic {
            self.codegen.insert("panic".to_owned(), panic.clone());
        }
        self
    }
}

/// Reads a table of profiles.toml.
///
/// # Errors
/// When there is none of that name; the message has the names there are.
pub fn load(path: &Path, name: &str) -> Result<Profile> {
    let all = tables(path)?;
    match all.get(name) {
        Some(profile) => Ok(profile.clone()),
        None => bail!(
            "no profile {name:?} in app/profiles.toml; there are: {}",
            all.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Reads a profile of a Cargo.toml.
///
/// # Errors
/// When the file cannot be read, or a profile inherits from one that is not there.
pub fn of_manifest(path: &Path, name: &str) -> Result<CargoProfile> {
    let manifest: toml::Table = read(path)?;
    resolve(&manifest, name).with_context(|| format!("in {}", path.display()))
}

/// A profile as other builders are told it: cargo's settings with all that is inherited, and
/// what profiles.toml adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// What Cargo.toml says, without what cargo takes for granted.
    pub cargo: toml::Table,
    /// The table of profiles.toml.
    #[serde(flatten)]
    pub profile: Profile,
}

/// Every profile of the profiles.toml in `app`, which completes the Cargo.toml beside it.
///
/// # Errors
/// When a file cannot be read, or a profile is not in Cargo.toml.
pub fn all(app: &Path) -> Result<BTreeMap<String, Told>> {
    let path = app.join("Cargo.toml");
    let manifest: toml::Table = read(&path)?;
    let told = |(name, profile): (String, Profile)| {
        let settings = settings(&manifest, &name)
            .with_context(|| format!("profiles.toml has {name}, of {}", path.display()))?;
        let cargo = settings.own;
        Ok((name, Told { cargo, profile }))
    };
    tables(&app.join("profiles.toml"))?
        .into_iter()
        .map(told)
        .collect()
}

fn tables(path: &Path) -> Result<BTreeMap<String, Profile>> {
    read(path)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

/// The settings of a profile of a manifest with those it inherits.
struct Settings {
    /// What the manifest says.
    own: toml::Table,
    /// Cargo's own for the rest.
    defaults: &'static [(&'static str, &'static str)],
}

fn resolve(manifest: &toml::Table, name: &str) -> Result<CargoProfile> {
    let Settings { own, defaults } = settings(manifest, name)?;
    Ok(with_defaults(own, defaults))
}

fn settings(manifest: &toml::Table, name: &str) -> Result<Settings> {
    let empty = toml::Table::new();
    let profiles = manifest
        .get("profile")
        .and_then(toml::Value::as_table)
        .unwrap_or(&empty);
    // From the profile to its ancestors; a setting of a later one does not count any more.
    let mut own = toml::Table::new();
    let mut at = name.to_owned();
    let mut seen = Vec::new();
    loop {
        if seen.contains(&at) {
            bail!("[profile.{at}] inherits from itself");
        }
        seen.push(at.clone());
        let table = profiles.get(&at).and_then(toml::Value::as_table);
        for (key, value) in table.into_iter().flatten() {
            own.entry(key.clone()).or_insert(value.clone());
        }
        let built_in = at == "release" || at == "dev";
        match table
            .and_then(|table| table.get("inherits"))
            .and_then(toml::Value::as_str)
        {
            Some(parent) => at = parent.to_owned(),
            None if built_in => break,
            None => bail!("[profile.{at}] is not there or inherits nothing"),
        }
    }
    own.remove("inherits");
    let release = seen.iter().any(|name| name == "release");
    let defaults = if release { &RELEASE } else { &DEV };
    Ok(Settings { own, defaults })
}

/// Cargo's own defaults (The Cargo Book, Profiles).
const RELEASE: [(&str, &str); 2] = [("opt-level", "3"), ("debug", "none")];
const DEV: [(&str, &str); 2] = [("opt-level", "0"), ("debug", "full")];

/// What follows from settings of a profile, by cargo's names for them; words and numbers may be
/// strings, as in the variables `CARGO_PROFILE_*`. What is not set is as in cargo's `release`.
pub fn of_settings(settings: toml::Table) -> CargoProfile {
    with_defaults(settings, &RELEASE)
}

fn with_defaults(mut settings: toml::Table, defaults: &[(&str, &str)]) -> CargoProfile {
    for &(name, value) in defaults {
        let value = || toml::Value::String(value.to_owned());
        settings.entry(name).or_insert_with(value);
    }
    let word = settings.get("lto").map(toml::Value::to_string);
    CargoProfile {
        codegen: codegen(&settings),
        lto: match word.as_deref().map(|word| word.trim_matches('"')) {
            Some("true" | "fat") => Lto::Fat,
            Some("thin") => Lto::Thin,
            _ => Lto::Off,
        },
    }
}

/// The options that follow from settings, where they are set.
fn codegen(settings: &toml::Table) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    for (setting, option) in [
        ("opt-level", "opt-level"),
        ("codegen-units", "codegen-units"),
        ("panic", "panic"),
        ("debug", "debuginfo"),
        ("debug-assertions", "debug-assertions"),
        ("overflow-checks", "overflow-checks"),
        ("rpath", "rpath"),
    ] {
        let value = match settings.get(setting) {
            Some(toml::Value::String(word)) => word.clone(),
            Some(toml::Value::Integer(number)) => number.to_string(),
            Some(toml::Value::Boolean(yes)) => yes.to_string(),
            _ => continue,
        };
        let value = match (setting, value.as_str()) {
            ("debug", "none" | "false") => "0",
            ("debug", "limited") => "1",
            ("debug", "full" | "true") => "2",
            (_, other) => other,
        };
        options.insert(option.to_owned(), value.to_owned());
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [profile.release]
        lto = "thin"
        codegen-units = 1
        [profile.tiny]
        inherits = "release"
        opt-level = "z"
        lto = "fat"
        panic = "abort"
        [profile.tiny-diag]
        inherits = "tiny"
        [profile.lost]
        inherits = "nowhere"
    "#;

    fn profile(name: &str) -> Result<CargoProfile> {
        let manifest: toml::Table = toml::from_str(MANIFEST).unwrap();
        resolve(&manifest, name)
    }

    #[test]
    fn a_profile_has_what_it_inherits() {
        let diag = profile("tiny-diag").unwrap();
        assert_eq!(diag.lto, Lto::Fat);
        let options = diag.codegen.iter().map(|(n, v)| format!("{n}={v}"));
        assert_eq!(
            options.collect::<Vec<_>>(),
            [
                "codegen-units=1",
                "debuginfo=0",
                "opt-level=z",
                "panic=abort"
            ]
        );
    }

    #[test]
    fn the_panic_strategy_of_profiles_toml_is_the_one_that_counts() {
        let unstable = Profile {
            panic: Some("immediate-abort".into()),
            ..Profile::default()
        };
        let tiny = profile("tiny").unwrap();
        assert_eq!(tiny.clone().completed_by(&Profile::default()), tiny);
        assert_eq!(
            tiny.completed_by(&unstable).codegen["panic"],
            "immediate-abort"
        );
    }

    #[test]
    fn settings_may_be_the_words_of_variables() {
        let words = [("lto", "true"), ("debug", "false"), ("opt-level", "z")];
        let value = |word: &str| toml::Value::String(word.to_owned());
        let settings = words.map(|(name, word)| (name.to_owned(), value(word)));
        let profile = of_settings(settings.into_iter().collect());
        assert_eq!(profile.lto, Lto::Fat);
        assert_eq!(
            (
                &*profile.codegen["debuginfo"],
                &*profile.codegen["opt-level"]
            ),
            ("0", "z")
        );
        let release = of_settings(toml::Table::new());
        assert_eq!(release.codegen["opt-level"], "3");
    }

    #[test]
    fn the_built_in_profiles_bring_cargos_defaults() {
        let release = profile("release").unwrap();
        assert_eq!(release.lto, Lto::Thin);
        assert_eq!(release.codegen["opt-level"], "3");
        let dev = profile("dev").unwrap();
        assert_eq!(
            (&*dev.codegen["opt-level"], &*dev.codegen["debuginfo"]),
            ("0", "2")
        );
    }

    #[test]
    fn a_profile_without_a_parent_is_an_error() {
        for name in ["lost", "absent"] {
            assert!(profile(name).is_err(), "{name}");
        }
    }
}
