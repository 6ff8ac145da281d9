//! The steps of the ladder as data: `crates/sizelab/steps.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The file's schema that this program reads.
const SCHEMA: u32 = 1;

/// Everything in `crates/sizelab/steps.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    schema: u32,
    /// The profile keys that a build (dev, release) starts from.
    build: BTreeMap<String, toml::Table>,
    /// In the order of stacking.
    step: Vec<Step>,
}

/// One change to how the program is built.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What rows are named by.
    pub name: String,
    /// What tables call it.
    pub title: String,
    /// What it costs, in the words of the article.
    pub trade_off: String,
    /// Profile keys.
    #[serde(default)]
    pub profile: toml::Table,
    /// The app's default features stay on.
    #[serde(default = "yes")]
    pub default_features: bool,
    /// The table of app/profiles.toml by which the standard library is rebuilt.
    pub std: Option<String>,
    /// The finished program is stripped, by the tool, as the article did.
    #[serde(default)]
    pub strip: bool,
    /// The finished program is packed.
    #[serde(default)]
    pub upx: bool,
    /// The step in whose place this one stands; it is measured there and stacks on nothing.
    pub instead_of: Option<String>,
}

fn yes() -> bool {
    true
}

impl Steps {
    /// Reads the steps.
    ///
    /// # Errors
    /// When the file is missing, has an unknown key or another schema.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// The content of the file.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self> {
        let steps: Self = toml::from_str(text)?;
        ensure!(
            steps.schema == SCHEMA,
            "schema {}, this program reads {SCHEMA}",
            steps.schema
        );
        for step in &steps.step {
            if let Some(other) = &step.instead_of {
                ensure!(
                    steps.step.iter().any(|s| s.name == *other),
                    "step {}: instead-of = \"{other}\" names no step",
                    step.name
                );
            }
        }
        Ok(steps)
    }

    /// The profile keys that a build starts from.
    ///
    /// # Errors
    /// When there is no such build.
    pub fn base(&self, build: &str) -> Result<&toml::Table> {
        self.build
            .get(build)
            .with_context(|| format!("no [build.{build}] in crates/sizelab/steps.toml"))
    }

    /// The builds: dev, release.
    pub fn builds(&self) -> impl Iterator<Item = &str> {
        self.build.keys().map(String::as_str)
    }

    /// A step by its name.
    ///
    /// # Errors
    /// When there is none; the message says which there are.
    pub fn step(&self, name: &str) -> Result<&Step> {
        match self.step.iter().find(|step| step.name == name) {
            Some(step) => Ok(step),
            None => bail!("no step `{name}`; there are: {}", self.names().join(", ")),
        }
    }

    /// Each step alone on the baseline.
    pub fn alone(&self) -> Vec<Vec<String>> {
        self.step.iter().map(|s| vec![s.name.clone()]).collect()
    }

    /// Each step on all those before it; alternatives left out.
    pub fn stacked(&self) -> Vec<Vec<String>> {
        let names = self
            .step
            .iter()
            .filter(|step| step.instead_of.is_none())
            .map(|step| step.name.clone())
            .collect::<Vec<_>>();
        (1..=names.len()).map(|n| names[..n].to_vec()).collect()
    }

    /// Everything but the packer: what a product would take.
    pub fn everything(&self) -> Vec<String> {
        let mut names = self.stacked().pop().unwrap_or_default();
        names.retain(|name| self.step(name).is_ok_and(|step| !step.upx));
        names
    }

    /// The same steps in the order of stacking, each once.
    ///
    /// # Errors
    /// When one is unknown.
    pub fn in_order(&self, names: &[String]) -> Result<Vec<&Step>> {
        for name in names {
            self.step(name)?;
        }
        let chosen = |step: &&Step| names.contains(&step.name);
        Ok(self.step.iter().filter(chosen).collect())
    }

    fn names(&self) -> Vec<&str> {
        self.step.iter().map(|step| step.name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        schema = 1
        [build.dev]
        inherits = "dev"
        [[step]]
        name = "a"
        title = "A"
        trade-off = "x"
        strip = true
        [[step]]
        name = "b"
        title = "B"
        trade-off = "x"
        instead-of = "a"
        [[step]]
        name = "c"
        title = "C"
        trade-off = "x"
        upx = true
    "#;

    #[test]
    fn an_alternative_is_measured_alone_and_stacks_on_nothing() {
        let steps = Steps::parse(TEXT).unwrap();
        assert_eq!(steps.alone(), [["a"], ["b"], ["c"]]);
        assert_eq!(steps.stacked(), [vec!["a"], vec!["a", "c"]]);
        assert_eq!(steps.everything(), ["a"]);
    }

    #[test]
    fn an_unknown_step_or_key_is_said() {
        let steps = Steps::parse(TEXT).unwrap();
        let error = steps.in_order(&["z".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("`z`") && error.contains("a, b, c"),
            "{error}"
        );
        assert!(Steps::parse(&TEXT.replace("upx", "upks")).is_err());
        assert!(Steps::parse(&TEXT.replace("schema = 1", "schema = 2")).is_err());
        assert!(Steps::parse(&TEXT.replace("instead-of = \"a\"", "instead-of = \"q\"")).is_err());
    }
}
