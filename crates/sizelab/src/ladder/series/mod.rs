//! What a run measures: series of rows, each of one target and kept in one file.

mod attribution;
mod comparison;
mod experiments;
mod selection;
pub mod steps;

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::board_target;
use super::context::StudyContext;
use super::recipe::Recipe;
use super::record::{Measured, Named, Record};
use super::target::{ARTICLE_TARGET, STUDY_TARGETS, Target};
use steps::Combination;

pub use attribution::{Attribution, REFERENCE};
pub use selection::Selection;

pub struct Series {
    kind: Kind,
    target: Target,
    /// The name of the file in docs/ladder/.
    name: String,
    /// The rows to measure now.
    chosen: Vec<String>,
    /// All rows of the file, in its order.
    order: Vec<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Steps,
    Experiments,
    Attribution,
    Comparison,
}

pub fn all(context: &StudyContext, selection: &Selection) -> Result<Vec<Series>> {
    let inputs = &context.inputs;
    let mut all = Vec::new();
    if selection.has(ARTICLE_TARGET) {
        let target = Target::native();
        let rows = steps::rows(inputs, &target, selection.combination());
        all.push(Series {
            kind: Kind::Steps,
            name: ARTICLE_TARGET.to_owned(),
            chosen: selection.rows(rows),
            order: steps::rows(inputs, &target, Combination::All),
            target,
        });
    }
    for board in context.repo.boards()? {
        if !selection.has(&board) {
            continue;
        }
        let target = match board_target::of(context, &board) {
            Ok(target) => target,
            Err(error) if selection.is_everything() => {
                eprintln!("skipped: {board}: {error:#}; run `cargo xtask setup --board {board}`");
                continue;
            }
            Err(error) => return Err(error.context(board)),
        };
        let order = steps::rows(inputs, &target, Combination::All);
        all.push(Series {
            kind: Kind::Steps,
            name: board,
            chosen: selection.rows(order.clone()),
            order,
            target,
        });
    }
    let experiments = |target: &str| inputs.experiments.rows(target);
    for (kind, name, rows) in [
        (
            Kind::Experiments,
            "experiments",
            &experiments as &dyn Fn(&str) -> Vec<String>,
        ),
        (Kind::Attribution, "attribution", &attribution::rows),
    ] {
        for target in STUDY_TARGETS.iter().filter(|_| selection.has(name)) {
            all.push(Series {
                kind,
                name: name.to_owned(),
                chosen: selection.rows(rows(target)),
                order: STUDY_TARGETS.map(rows).concat(),
                target: board_target::of(context, target)?,
            });
        }
    }
    if selection.has("comparison") {
        let order = inputs.servers.names();
        all.push(Series {
            kind: Kind::Comparison,
            name: "comparison".to_owned(),
            chosen: selection.rows(order.clone()),
            order,
            target: Target::native(),
        });
    }
    Ok(all)
}

impl Series {
    /// How the programs of the chosen rows are built.
    pub fn recipes(&self, context: &StudyContext) -> Result<Vec<Recipe>> {
        let target = &self.target;
        let recipe = |id: &String| match self.kind {
            Kind::Steps => steps::recipe(context, target, id).map(Some),
            Kind::Experiments => experiments::recipe(context, target, id),
            Kind::Attribution => attribution::recipe(context, target, id).map(Some),
            Kind::Comparison => comparison::recipe(context, id),
        };
        let recipes = self.chosen.iter().filter_map(|id| recipe(id).transpose());
        recipes.collect()
    }

    /// Measures the chosen rows, and keeps each as soon as it is there.
    pub fn measure(&self, context: &StudyContext) -> Result<()> {
        let target = &self.target;
        match self.kind {
            Kind::Steps => {
                let native = target.runner.is_none();
                let stopwatch = native.then(|| steps::stopwatch(context)).transpose()?;
                self.each(context, |id| {
                    steps::measure(context, target, id, stopwatch.as_ref())
                })
            }
            Kind::Experiments => self.each(context, |id| experiments::measure(context, target, id)),
            Kind::Attribution => self.each(context, |id| attribution::measure(context, target, id)),
            Kind::Comparison => {
                let stopwatch = steps::stopwatch(context)?;
                self.each(context, |id| comparison::measure(context, id, &stopwatch))
            }
        }
    }

    /// Puts what `measure` finds of each row into the series' file. Rows that were measured with
    /// other tools or crates do not stand beside new ones.
    fn each<T>(
        &self,
        context: &StudyContext,
        measure: impl Fn(&str) -> Result<Option<Measured<T>>>,
    ) -> Result<()>
    where
        T: Named + Serialize + DeserializeOwned,
    {
        println!("== {} on {}", self.name, self.target.triple);
        context.each(&self.chosen, |id| {
            let Some(Measured { row, cached }) = measure(id)? else {
                return Ok(false);
            };
            let mut record = Record::load(context.repo, &self.name)?;
            if record.environment != context.environment {
                record = Record {
                    environment: context.environment.clone(),
                    ..Record::default()
                };
            }
            record.put(row, &self.order);
            record.save(context.repo, &self.name)?;
            Ok(cached)
        })
    }
}
