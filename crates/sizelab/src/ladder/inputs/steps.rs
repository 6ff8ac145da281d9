//! The steps of the ladder as data: `crates/sizelab/steps.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::schema;
use buildkit::files::read_toml;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeSteps {
    schema: u32,
    /// The profile keys that a build (dev, release) starts from.
    build: BTreeMap<String, toml::Table>,
    /// In the order of stacking.
    step: Vec<SizeStep>,
}

/// One change to how the program is built.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SizeStep {
    /// What rows are named by.
    pub name: String,
    /// What tables call it.
    pub title: String,
    /// What it costs, in the words of the article.
    pub trade_off: String,
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
    #[serde(default)]
    pub upx: bool,
    /// The step in whose place this one stands; it is measured there and stacks on nothing.
    pub instead_of: Option<String>,
}

fn yes() -> bool {
    true
}

impl SizeSteps {
    pub fn read(path: &Path) -> Result<Self> {
        let steps: Self = read_toml(path)?;
        schema::require(path, &steps.schema, &1)?;
        steps.check().with_context(|| path.display().to_string())?;
        Ok(steps)
    }

    fn check(&self) -> Result<()> {
        for step in &self.step {
            if let Some(other) = &step.instead_of {
                ensure!(
                    self.step.iter().any(|s| s.name == *other),
                    "step {}: instead-of = \"{other}\" names no step",
                    step.name
                );
            }
        }
        Ok(())
    }

    /// The profile keys that a build starts from.
    pub fn base(&self, build: &str) -> Result<&toml::Table> {
        self.build
            .get(build)
            .with_context(|| format!("no [build.{build}] in crates/sizelab/steps.toml"))
    }

    pub fn builds(&self) -> impl Iterator<Item = &str> {
        self.build.keys().map(String::as_str)
    }

    pub fn step(&self, name: &str) -> Result<&SizeStep> {
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
    pub fn in_order(&self, names: &[String]) -> Result<Vec<&SizeStep>> {
        for name in names {
            self.step(name)?;
        }
        let chosen = |step: &&SizeStep| names.contains(&step.name);
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

    fn steps(text: &str) -> Result<SizeSteps> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(&file, text)?;
        SizeSteps::read(file.path())
    }

    #[test]
    fn an_alternative_is_measured_alone_and_stacks_on_nothing() {
        let steps = steps(TEXT).unwrap();
        assert_eq!(steps.alone(), [["a"], ["b"], ["c"]]);
        assert_eq!(steps.stacked(), [vec!["a"], vec!["a", "c"]]);
        assert_eq!(steps.everything(), ["a"]);
    }

    #[test]
    fn an_unknown_step_or_key_is_said() {
        let error = steps(TEXT)
            .unwrap()
            .in_order(&["z".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`z`") && error.contains("a, b, c"),
            "{error}"
        );
        for (right, wrong) in [
            ("upx", "upks"),
            ("schema = 1", "schema = 2"),
            ("instead-of = \"a\"", "instead-of = \"q\""),
        ] {
            assert!(steps(&TEXT.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
