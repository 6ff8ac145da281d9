//! Experiments beyond the article: `crates/sizelab/experiments.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::ladder::target::ARTICLE_TARGET;
use crate::schema;
use buildkit::files::read_toml;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiments {
    schema: u32,
    pub experiment: Vec<Experiment>,
}

/// One change to the best program.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Experiment {
    /// What rows are named by.
    pub name: String,
    /// What tables call it.
    pub title: String,
    pub verdict: Verdict,
    pub reason: String,
    /// On the article's target as well as on the board.
    pub both: bool,
    /// On the article's target only.
    pub native: bool,
    pub add_rustflags: Vec<String>,
    /// Flags, or features in a list of them.
    pub remove_rustflags: Vec<String>,
    pub profile: toml::Table,
    pub std_features: Option<Vec<String>>,
    pub panic: Option<String>,
    /// Linked by the lld that comes with rustc.
    pub lld: bool,
    pub patch: Option<String>,
    pub versions: BTreeMap<String, String>,
    pub program: Option<String>,
    /// The example of app/serve in place of the app's.
    pub served: bool,
    /// Linked with one C library that busybox shares.
    pub shared_libc: bool,
    /// The linker strips, where what it leaves is nothing that the tool can read.
    pub linker_strips: bool,
    pub squashfs: Option<Squashfs>,
    pub upx: bool,
}

/// What became of an experiment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The product has it. Where examples/hello.rs has it as well, the change takes it away.
    Kept,
    /// The product does not have it; its change adds it.
    #[default]
    Rejected,
    Fails,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Squashfs {
    pub block: Option<String>,
    pub filter: Option<bool>,
}

impl Experiments {
    pub fn read(path: &Path) -> Result<Self> {
        let experiments: Self = read_toml(path)?;
        schema::require(path, &experiments.schema, &1)?;
        Ok(experiments)
    }

    /// The rows of a target (a board, the article's): the best program first, then each
    /// experiment that is made there.
    pub fn rows(&self, target: &str) -> Vec<String> {
        let here = self.experiment.iter().filter(|e| match target {
            ARTICLE_TARGET => e.both || e.native,
            _ => !e.native,
        });
        std::iter::once("everything")
            .chain(here.map(|experiment| experiment.name.as_str()))
            .map(|name| format!("{target}/{name}"))
            .collect()
    }

    /// The experiment of a row; that of the best program changes nothing.
    pub fn find(&self, id: &str) -> Experiment {
        let name = id.rsplit('/').next().unwrap_or_default();
        let experiment = self.experiment.iter().find(|e| e.name == name);
        experiment.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn every_experiment_has_a_name_of_its_own_a_title_and_a_reason() {
        let repo = Repo::find().unwrap();
        let path = repo.path("crates/sizelab/experiments.toml");
        let experiments = Experiments::read(&path).unwrap();
        let mut names = Vec::new();
        for experiment in &experiments.experiment {
            let Experiment {
                name,
                title,
                reason,
                patch,
                ..
            } = experiment;
            assert!(!title.is_empty() && !reason.is_empty(), "{name}");
            assert!(!names.contains(name) && name != "everything", "{name}");
            if let Some(patch) = patch {
                assert!(
                    repo.path(format!("crates/sizelab/patches/{patch}.patch"))
                        .is_file()
                );
            }
            names.push(name.clone());
        }
        let native = experiments.rows(ARTICLE_TARGET);
        assert!(native.iter().all(|id| !id.ends_with("/arm-instructions")));
    }
}
