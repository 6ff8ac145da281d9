//! Size profiles: app/profiles.toml for what Cargo.toml cannot say on a stable compiler, the
//! profile of app/Cargo.toml that it completes, and how the Rust at hand spells both.

mod cargo_config;
mod manifest;
mod version;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

pub use cargo_config::{encode, expected};
pub use version::{Version, release};

/// The profiles, as the two files of app/ have them.
#[derive(Debug)]
pub struct Profiles {
    profiles: BTreeMap<String, Profile>,
    features: BTreeMap<String, Feature>,
    manifest: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    profile: BTreeMap<String, Profile>,
    #[serde(default)]
    feature: BTreeMap<String, Feature>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Profile {
    #[serde(default)]
    build_std: Vec<String>,
    #[serde(default)]
    build_std_features: Vec<String>,
    #[serde(default)]
    wants: Vec<String>,
    #[serde(default)]
    rustflags: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Feature {
    without: String,
    spelling: Vec<Spelling>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Spelling {
    from: Option<Version>,
    #[serde(default)]
    build_std_features: Vec<String>,
    #[serde(default)]
    cargo: Vec<String>,
    panic: Option<String>,
    #[serde(default)]
    rustflags: Vec<String>,
}

impl Spelling {
    /// Whether there is nothing in it but flags of rustc.
    fn is_flags(&self) -> bool {
        self.panic.is_none() && self.cargo.is_empty() && self.build_std_features.is_empty()
    }

    /// Whether it is one of a feature that is gone.
    fn is_empty(&self) -> bool {
        self.is_flags() && self.rustflags.is_empty()
    }
}

/// What a builder's user has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The standard library is compiled anew. Otherwise it is a prebuilt one, and of the features
    /// only those are used that are nothing but flags of rustc.
    pub rebuild_std: bool,
    /// Features of profiles.toml that the profile is to do without.
    pub without: Vec<String>,
    /// The builder takes the symbols off itself, whatever the profile says.
    pub keep_symbols: bool,
}

/// A profile in the words of one Rust.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// The name in profiles.toml.
    pub name: String,
    /// The crates of the standard library that are compiled anew; empty: the prebuilt one.
    pub build_std: Vec<String>,
    /// Features of the standard library.
    pub build_std_features: Vec<String>,
    /// Unstable features of cargo.
    pub cargo: Vec<String>,
    /// The panic strategy, where a feature chose it. The settings have it as well.
    pub panic: Option<String>,
    /// Flags of rustc.
    pub rustflags: Vec<String>,
    /// The settings of the cargo profile, complete.
    pub settings: toml::Table,
    /// What this Rust lacks of what the profile wants, and what that costs: a sentence each.
    pub lacks: Vec<String>,
}

impl Profiles {
    /// The profiles that this program was compiled with.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn embedded() -> Result<Self> {
        Self::parse(
            include_str!("../../../app/profiles.toml"),
            include_str!("../../../app/Cargo.toml"),
        )
    }

    /// The profiles of a checkout's `app` folder.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn read(app: &Path) -> Result<Self> {
        let text = |name| {
            let path = app.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Self::parse(&text("profiles.toml")?, &text("Cargo.toml")?)
    }

    /// Reads the texts of profiles.toml and of the Cargo.toml that it completes.
    ///
    /// # Errors
    /// When a text is none of that form, or a profile wants what is not there.
    pub fn parse(profiles: &str, manifest: &str) -> Result<Self> {
        let Table { profile, feature } =
            toml::from_str(profiles).context("in app/profiles.toml")?;
        let all = Self {
            profiles: profile,
            features: feature,
            manifest: toml::from_str(manifest).context("in app/Cargo.toml")?,
        };
        for (name, profile) in &all.profiles {
            manifest::settings(&all.manifest, name)
                .with_context(|| format!("app/profiles.toml has [profile.{name}]"))?;
            for wish in &profile.wants {
                all.feature(wish, &format!("which [profile.{name}] wants"))?;
            }
        }
        for (name, feature) in &all.features {
            let froms = feature.spelling.iter().map(|spelling| spelling.from);
            let froms = froms.collect::<Vec<_>>();
            ensure!(
                froms.iter().all(Option::is_some) && froms.is_sorted_by(|one, next| one < next),
                "app/profiles.toml: [feature.{name}]: each spelling needs a `from` that is newer than \
                 the one before"
            );
        }
        Ok(all)
    }

    /// The oldest Rust that compiles the server (`rust-version` of Cargo.toml).
    ///
    /// # Errors
    /// When Cargo.toml does not say.
    pub fn oldest_rust(&self) -> Result<Version> {
        let package = self.manifest.get("package");
        let text = package.and_then(|package| package.get("rust-version")?.as_str());
        Version::parse(text.context("app/Cargo.toml has no rust-version")?)
    }

    /// A profile as a Rust spells it.
    ///
    /// # Errors
    /// When there is no profile or no feature of a name; the message has the names there are.
    pub fn resolve(&self, name: &str, rust: Version, choices: &Choices) -> Result<Resolved> {
        let Some(profile) = self.profiles.get(name) else {
            bail!(
                "no profile {name:?} in app/profiles.toml; there are: {}",
                names(&self.profiles)
            )
        };
        let mut resolved = Resolved {
            name: name.to_owned(),
            settings: manifest::settings(&self.manifest, name)?,
            ..Resolved::default()
        };
        for feature in &choices.without {
            self.feature(feature, "which is to be omitted")?;
        }
        if choices.rebuild_std {
            resolved.build_std.clone_from(&profile.build_std);
            let features = &profile.build_std_features;
            resolved.build_std_features.clone_from(features);
        }
        let wants = profile.wants.iter();
        for wish in wants.filter(|wish| !choices.without.contains(wish)) {
            let feature = self.feature(wish, "which the profile wants")?;
            match feature.spelling(rust) {
                Some(spelling) if choices.rebuild_std || spelling.is_flags() => {
                    resolved.take(spelling);
                }
                Some(_) => {}
                None => resolved
                    .lacks
                    .push(format!("Rust {rust} has no {wish}: {}", feature.without)),
            }
        }
        resolved.rustflags.extend(profile.rustflags.iter().cloned());
        if choices.keep_symbols {
            resolved.settings.insert("strip".to_owned(), false.into());
        }
        Ok(resolved)
    }
}

impl Profiles {
    fn feature(&self, name: &str, problem: &str) -> Result<&Feature> {
        let feature = self.features.get(name);
        feature.with_context(|| {
            format!(
                "app/profiles.toml has no [feature.{name}], {problem}; there are: {}",
                names(&self.features)
            )
        })
    }
}

impl Feature {
    /// The newest spelling that is not newer than the compiler.
    fn spelling(&self, rust: Version) -> Option<&Spelling> {
        let mut known = self.spelling.iter();
        let newest = known.rfind(|spelling| spelling.from <= Some(rust))?;
        (!newest.is_empty()).then_some(newest)
    }
}

impl Resolved {
    fn take(&mut self, spelling: &Spelling) {
        let features = spelling.build_std_features.iter().cloned();
        self.build_std_features.extend(features);
        self.cargo.extend(spelling.cargo.iter().cloned());
        self.rustflags.extend(spelling.rustflags.iter().cloned());
        if let Some(panic) = &spelling.panic {
            let value = panic.clone().into();
            self.settings.insert("panic".to_owned(), value);
            self.panic = Some(panic.clone());
        }
    }
}

fn names<T>(table: &BTreeMap<String, T>) -> String {
    table.keys().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
