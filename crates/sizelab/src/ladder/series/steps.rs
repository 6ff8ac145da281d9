//! The steps of the ladder on a target: which rows there are, and measuring them.

use anyhow::{Context, Result};

use crate::ladder::build::BuiltProgram;
use crate::ladder::context::StudyContext;
use crate::ladder::inputs::Inputs;
use crate::ladder::recipe::Recipe;
use crate::ladder::record::{Measured, Row, ladder_id, ladder_parts};
use crate::ladder::runtime::Stopwatch;
use crate::ladder::serve::Launch;
use crate::ladder::target::Target;
use direct::upx;

/// How steps are combined in the rows of the article's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    All,
    /// Each step alone.
    Alone,
    /// Each step on those before it.
    Stacked,
}

/// The rows of a target. On the article's they are its own, and every step alone and stacked; on a
/// board the release build's, stacked, as far as UPX serves its processor.
pub fn rows(inputs: &Inputs, target: &Target, combination: Combination) -> Vec<String> {
    let steps = &inputs.steps;
    if target.board.is_some() {
        let served = upx::require(&target.triple).is_ok();
        let is_packer = |name: &String| steps.step(name).is_ok_and(|step| step.upx);
        let mut stacked = steps.stacked();
        stacked.retain(|chosen| served || !chosen.iter().any(is_packer));
        return ids("release", stacked);
    }
    let mut rows = Vec::new();
    for build in steps.builds() {
        rows.extend(match combination {
            Combination::Alone => ids(build, steps.alone()),
            Combination::Stacked => ids(build, steps.stacked()),
            Combination::All => ids(build, [steps.alone(), steps.stacked()].concat()),
        });
    }
    if combination == Combination::All {
        let article = inputs.article.rows.iter();
        rows.extend(article.map(|row| ladder_id(&row.build, &row.steps)));
    }
    unique(rows)
}

/// A build's baseline and its combinations of steps.
fn ids(build: &str, combinations: Vec<Vec<String>>) -> Vec<String> {
    let all = std::iter::once(Vec::new()).chain(combinations);
    all.map(|chosen| ladder_id(build, &chosen)).collect()
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

/// Builds and measures the program of a row.
pub fn build(context: &StudyContext, target: &Target, id: &str) -> Result<BuiltProgram> {
    let recipe = recipe(context, target, id)?;
    context.builder(0).build(&recipe, &context.log)
}

pub fn recipe(context: &StudyContext, target: &Target, id: &str) -> Result<Recipe> {
    let (build, chosen) = ladder_parts(id);
    Recipe::of_steps(
        &context.inputs.steps,
        build,
        &chosen,
        context.hello(),
        target.clone(),
        |name| context.profile(name),
    )
}

/// The recipe of the best program: every step but the packer.
pub fn best_recipe(context: &StudyContext, target: &Target) -> Result<Recipe> {
    let best = ladder_id("release", &context.inputs.steps.everything());
    recipe(context, target, &best)
}

/// Measures a row; how it runs, where there is a stopwatch for its target.
pub fn measure(
    context: &StudyContext,
    target: &Target,
    id: &str,
    stopwatch: Option<&Stopwatch>,
) -> Result<Option<Measured<Row>>> {
    let built = build(context, target, id)?;
    let argument = context.hello().argument;
    let launch = Launch::program(&built.file, target.runner.as_deref(), argument);
    let (runtime, known) = match stopwatch {
        Some(stopwatch) => {
            let (runtime, known) = stopwatch.measure(&launch, &built.sizes.sha256)?;
            (Some(runtime), known)
        }
        None => {
            launch
                .start()
                .context("the program must answer before it counts")?;
            (None, true)
        }
    };
    Ok(Some(Measured {
        row: Row {
            id: id.to_owned(),
            version: None,
            sizes: built.sizes,
            runtime,
        },
        cached: built.cached && known,
    }))
}

/// Compares how programs of this machine's target run with the plain release build.
pub fn stopwatch(context: &StudyContext) -> Result<Stopwatch> {
    let baseline = build(context, &Target::native(), &ladder_id("release", &[]))?;
    Stopwatch::new(
        Launch::program(&baseline.file, None, context.hello().argument),
        &baseline.sizes.sha256,
        context.repo.path("out/ladder/runtime"),
        context.again,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn all_rows_of_the_articles_target_have_those_alone_those_stacked_and_its_own() {
        let inputs = Inputs::read(&Repo::find().unwrap()).unwrap();
        let rows = |combination| rows(&inputs, &Target::native(), combination);
        let all = rows(Combination::All);
        let own = inputs.article.rows.iter();
        let own = own.map(|row| ladder_id(&row.build, &row.steps));
        for id in [rows(Combination::Alone), rows(Combination::Stacked)].concat() {
            assert!(all.contains(&id), "{id}");
        }
        assert!(own.into_iter().all(|id| all.contains(&id)));
    }
}
