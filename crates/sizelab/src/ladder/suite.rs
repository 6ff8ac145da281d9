//! The rows of the ladder for a target: which there are, and measuring them.

use anyhow::{Context, Result};

use super::article::Article;
use super::bench::Bench;
use super::recipe::Recipe;
use super::record::{Row, ladder_id, ladder_parts};
use super::runtime::Stopwatch;
use super::serve::Launch;
use super::step::Steps;
use super::target::Target;
use super::weigh::Weighed;
use direct::upx;

/// Which rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// All.
    All,
    /// Each step alone.
    Alone,
    /// Each step on those before it.
    Stacked,
}

/// The rows on the article's target: its own, and every step alone and stacked.
pub fn article_rows(steps: &Steps, article: &Article, kinds: Kinds) -> Vec<String> {
    let mut ids = Vec::new();
    for build in steps.builds() {
        ids.push(ladder_id(build, &[]));
        if kinds != Kinds::Stacked {
            ids.extend(steps.alone().iter().map(|chosen| ladder_id(build, chosen)));
        }
        if kinds != Kinds::Alone {
            ids.extend(
                steps
                    .stacked()
                    .iter()
                    .map(|chosen| ladder_id(build, chosen)),
            );
        }
    }
    if kinds == Kinds::All {
        ids.extend(
            article
                .rows
                .iter()
                .map(|row| ladder_id(&row.build, &row.steps)),
        );
    }
    unique(ids)
}

/// The rows on a board: the release build's, stacked, as far as UPX serves its processor.
pub fn board_rows(steps: &Steps, target: &Target) -> Vec<String> {
    let mut ids = vec![ladder_id("release", &[])];
    let served = upx::require(&target.triple).is_ok();
    for chosen in steps.stacked() {
        let packs = chosen
            .iter()
            .any(|name| steps.step(name).is_ok_and(|step| step.upx));
        if served || !packs {
            ids.push(ladder_id("release", &chosen));
        }
    }
    ids
}

fn unique(ids: Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}

/// Builds and weighs a row of the ladder.
///
/// # Errors
/// When that fails, or the program does not answer.
pub fn weigh(bench: &Bench, target: &Target, id: &str) -> Result<Weighed> {
    bench
        .scales(0)
        .weigh(&recipe(bench, target, id)?, &bench.log)
}

/// How a row of the ladder is built.
///
/// # Errors
/// When one of its steps is unknown.
pub fn recipe(bench: &Bench, target: &Target, id: &str) -> Result<Recipe> {
    let (build, chosen) = ladder_parts(id);
    Recipe::of_steps(
        &bench.steps,
        build,
        &chosen,
        bench.hello(),
        target.clone(),
        |name| bench.profile(name),
    )
}

/// Measures rows. Those of the machine's own architecture also run against the baseline.
///
/// # Errors
/// Those of the rows that fail.
pub fn measure(
    bench: &Bench,
    target: &Target,
    ids: &[String],
    keep: impl Fn(Row) -> Result<()>,
) -> Result<()> {
    let baseline = match target.runner {
        Some(_) => None,
        None => Some(stopwatch(bench, target)?),
    };
    let name = |id: &String| format!("{} {id}", target.triple);
    let argument = bench.hello().argument;
    bench.each(ids, name, |id| {
        let weighed = weigh(bench, target, id)?;
        let launch = Launch::program(&weighed.file, target.runner.as_deref(), argument);
        let (runtime, known) = match &baseline {
            Some(stopwatch) => {
                let (runtime, known) = stopwatch.measure(&launch, &weighed.weight.sha256)?;
                (Some(runtime), known)
            }
            None => {
                launch
                    .start()
                    .context("it has to answer before it counts")?;
                (None, true)
            }
        };
        keep(Row {
            id: id.clone(),
            version: None,
            weight: weighed.weight,
            runtime,
        })?;
        Ok(weighed.cached && known)
    })
}

/// Everything is compared with the plain release build.
///
/// # Errors
/// When that cannot be built.
pub fn stopwatch(bench: &Bench, target: &Target) -> Result<Stopwatch> {
    let baseline = weigh(bench, target, &ladder_id("release", &[]))?;
    Stopwatch::new(
        Launch::program(&baseline.file, None, bench.hello().argument),
        &baseline.weight.sha256,
        bench.repo.path("out/ladder/runtime"),
        bench.again,
    )
}
