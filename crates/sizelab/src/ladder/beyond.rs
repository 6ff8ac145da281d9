//! Experiments beyond the article: `crates/sizelab/beyond.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::bench::{ARTICLE_TARGET, Bench};
use super::recipe::Recipe;
use super::record::{Row, ladder_id};
use super::serve::Launch;
use super::shared::Shared;
use super::suite;
use super::target::Target;
use crate::on_flash::on_flash;
use crate::rustflags::remove_flag;
use buildkit::command::{output, tool};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beyond {
    schema: u32,
    /// In the order of the page.
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
    /// Whether the product has it.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// On the article's target as well as on the board.
    both: bool,
    /// On the article's target only.
    native: bool,
    add_rustflags: Vec<String>,
    /// Flags, or features in a list of them.
    remove_rustflags: Vec<String>,
    profile: toml::Table,
    std_features: Option<Vec<String>>,
    panic: Option<String>,
    /// Linked by the lld that comes with rustc.
    lld: bool,
    patch: Option<String>,
    versions: BTreeMap<String, String>,
    program: Option<String>,
    /// Another example of the app.
    example: Option<String>,
    /// Linked with one C library that busybox shares.
    shared_libc: bool,
    /// The linker strips, where what it leaves is nothing that the tool can read.
    linker_strips: bool,
    squashfs: Option<Squashfs>,
    upx: bool,
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
    /// It does not compile.
    Fails,
}

/// Another way to make the image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Squashfs {
    block: Option<String>,
    filter: Option<bool>,
}

impl Beyond {
    /// Reads the experiments.
    ///
    /// # Errors
    /// When the file is missing or has something unknown.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let beyond: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(beyond.schema == 1, "{}: unknown schema", path.display());
        Ok(beyond)
    }

    /// The rows: for a part (a board, the article's target) the best program first, then each
    /// experiment that is made there.
    pub fn rows(&self, part: &str) -> Vec<String> {
        let here = |experiment: &&Experiment| experiment.is_made_on(part);
        let names = self.experiment.iter().filter(here).map(|e| e.name.as_str());
        std::iter::once("everything")
            .chain(names)
            .map(|name| format!("{part}/{name}"))
            .collect()
    }

    /// Measures rows.
    ///
    /// # Errors
    /// Those of the rows that fail.
    pub fn measure(
        &self,
        bench: &Bench,
        target: &Target,
        ids: &[String],
        keep: impl Fn(Row) -> Result<()>,
    ) -> Result<()> {
        bench.each(ids, String::clone, |id| {
            let (row, cached) = measure(bench, target, id, &self.find(id))?;
            row.map(&keep).transpose()?;
            Ok(cached)
        })
    }

    /// How a row's program is built; none for one that is known not to compile.
    ///
    /// # Errors
    /// When a tool that it needs is not there.
    pub fn recipe(&self, bench: &Bench, target: &Target, id: &str) -> Result<Option<Recipe>> {
        let experiment = self.find(id);
        match experiment.verdict {
            Verdict::Fails => Ok(None),
            _ => experiment.recipe(bench, target).map(Some),
        }
    }

    /// The experiment of a row; that of the best program changes nothing.
    fn find(&self, id: &str) -> Experiment {
        let name = id.rsplit('/').next().unwrap_or_default();
        let experiment = self.experiment.iter().find(|e| e.name == name);
        experiment.cloned().unwrap_or_default()
    }
}

impl Experiment {
    fn is_made_on(&self, part: &str) -> bool {
        match part {
            ARTICLE_TARGET => self.both || self.native,
            _ => !self.native,
        }
    }

    /// The best program's recipe with the change made.
    fn recipe(&self, bench: &Bench, target: &Target) -> Result<Recipe> {
        let best = bench.steps.everything();
        let mut recipe = suite::recipe(bench, target, &ladder_id("release", &best))?;
        self.apply(&mut recipe, bench)?;
        if let Some(shared) = self.shared(bench, target)? {
            shared.link(&mut recipe);
        }
        Ok(recipe)
    }

    fn shared(&self, bench: &Bench, target: &Target) -> Result<Option<Shared>> {
        let board = target.board.as_deref().filter(|_| self.shared_libc);
        board.map(|board| Shared::new(bench, board)).transpose()
    }

    fn apply(&self, recipe: &mut Recipe, bench: &Bench) -> Result<()> {
        for flags in [&mut recipe.rustflags, &mut recipe.target.rustflags] {
            for unwanted in &self.remove_rustflags {
                remove_flag(flags, unwanted);
            }
        }
        recipe.rustflags.extend(self.add_rustflags.iter().cloned());
        recipe.profile.extend(self.profile.clone());
        if let Some(panic) = &self.panic {
            recipe
                .profile
                .insert("panic".to_owned(), panic.clone().into());
        }
        if let (Some(std), Some(features)) = (&mut recipe.std, &self.std_features) {
            std.build_std_features.clone_from(features);
        }
        if self.lld {
            let lld = bench.lld()?;
            recipe.rustflags.push("-Clink-arg=-fuse-ld=lld".to_owned());
            recipe
                .rustflags
                .push(format!("-Clink-arg=-B{}", lld.display()));
            if let Some(gcc) = &recipe.target.linker {
                // The board's linker finds GCC's own library by itself, and names no loader in a
                // static program whatever it is told.
                let library = output(tool(gcc).arg("-print-libgcc-file-name"))?;
                let folder = Path::new(library.trim()).parent();
                let folder = folder.context("GCC has no library of its own")?;
                recipe
                    .rustflags
                    .push(format!("-Clink-arg=-L{}", folder.display()));
                let static_program = "-Clink-arg=-Wl,--no-dynamic-linker";
                recipe.rustflags.push(static_program.to_owned());
            }
        }
        if let Some(name) = &self.program {
            recipe.program = bench.program(name);
        }
        if let Some(name) = &self.example {
            recipe.program = bench.example(name);
        }
        let patches = bench.repo.path("crates/sizelab/patches");
        let patch = self
            .patch
            .iter()
            .map(|name| patches.join(format!("{name}.patch")));
        recipe.patches.extend(patch);
        recipe.versions.extend(self.versions.clone());
        recipe.upx |= self.upx;
        if self.linker_strips {
            recipe.strip = false;
            recipe.rustflags.push("-Clink-arg=-s".to_owned());
        }
        Ok(())
    }
}

/// A row; none for one that is known not to compile, and did not.
fn measure(
    bench: &Bench,
    target: &Target,
    id: &str,
    experiment: &Experiment,
) -> Result<(Option<Row>, bool)> {
    let recipe = experiment.recipe(bench, target)?;
    let weighed = match (
        bench.scales(0).weigh(&recipe, &bench.log),
        experiment.verdict,
    ) {
        (Err(_), Verdict::Fails) => return Ok((None, false)),
        (Ok(_), Verdict::Fails) => {
            anyhow::bail!("{id} compiles: measure it and say so in crates/sizelab/beyond.toml")
        }
        (weighed, _) => weighed?,
    };
    let (runner, argument) = (target.runner.as_deref(), recipe.program.argument);
    let shared = experiment.shared(bench, target)?;
    let launch = match &shared {
        Some(shared) => shared.launch(&weighed.file, runner, argument)?,
        None => Launch::program(&weighed.file, runner, argument),
    };
    launch
        .start()
        .context("it has to answer before it counts")?;
    let mut weighed = weighed;
    if let Some(shared) = shared {
        shared.weigh(bench, &mut weighed, target.bcj.as_deref())?;
    }
    let mut weight = weighed.weight;
    if let Some(squashfs) = &experiment.squashfs {
        let filter = target
            .bcj
            .as_deref()
            .filter(|_| squashfs.filter != Some(false));
        let block = squashfs.block.as_deref().unwrap_or("1M");
        let work = bench.repo.path("out/ladder");
        weight.flash = on_flash(&weighed.file, filter, block, &work, &bench.log)?;
    }
    let row = Row {
        id: id.to_owned(),
        version: None,
        weight,
        runtime: None,
    };
    Ok((Some(row), weighed.cached))
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn a_feature_is_taken_out_of_a_list_and_a_flag_out_of_the_flags() {
        let mut flags = ["-Ctarget-feature=+thumb-mode,+crt-static", "-Cx"]
            .map(str::to_owned)
            .to_vec();
        remove_flag(&mut flags, "+thumb-mode");
        assert_eq!(flags, ["-Ctarget-feature=+crt-static", "-Cx"]);
        remove_flag(&mut flags, "-Cx");
        assert_eq!(flags, ["-Ctarget-feature=+crt-static"]);
    }

    #[test]
    fn every_experiment_has_a_name_of_its_own_a_title_and_a_reason() {
        let repo = Repo::find().unwrap();
        let beyond = Beyond::read(&repo.path("crates/sizelab/beyond.toml")).unwrap();
        let mut names = Vec::new();
        for experiment in &beyond.experiment {
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
        assert!(
            beyond
                .rows(ARTICLE_TARGET)
                .iter()
                .all(|id| !id.ends_with("/arm-instructions"))
        );
    }
}
