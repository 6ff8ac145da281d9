//! Experiments: each is one change to the best program.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::steps;
use crate::ladder::context::StudyContext;
use crate::ladder::inputs::experiments::{Experiment, Verdict};
use crate::ladder::recipe::Recipe;
use crate::ladder::record::{Measured, Row};
use crate::ladder::serve::Launch;
use crate::ladder::shared_libc::SharedLibc;
use crate::ladder::target::Target;
use crate::on_flash::on_flash;
use crate::rustflags::remove_flag;
use buildkit::command::{output, tool};

/// How a row's program is built; none for one that is known not to compile.
pub fn recipe(context: &StudyContext, target: &Target, id: &str) -> Result<Option<Recipe>> {
    let experiment = context.inputs.experiments.find(id);
    match experiment.verdict {
        Verdict::Fails => Ok(None),
        _ => changed(&experiment, context, target).map(Some),
    }
}

/// Measures a row; none for one that is known not to compile, and did not.
pub fn measure(context: &StudyContext, target: &Target, id: &str) -> Result<Option<Measured<Row>>> {
    let experiment = context.inputs.experiments.find(id);
    let recipe = changed(&experiment, context, target)?;
    let built = context.builder(0).build(&recipe, &context.log);
    let mut built = match (built, experiment.verdict) {
        (Err(_), Verdict::Fails) => return Ok(None),
        (Ok(_), Verdict::Fails) => {
            bail!(
                "{id} now compiles: measure it and change its verdict in \
                 crates/sizelab/experiments.toml"
            )
        }
        (built, _) => built?,
    };
    let (runner, argument) = (target.runner.as_deref(), recipe.program.argument);
    let shared = shared_libc(&experiment, context, target)?;
    let launch = match &shared {
        Some(shared) => shared.launch(&built.file, runner, argument)?,
        None => Launch::program(&built.file, runner, argument),
    };
    launch
        .start()
        .context("the program must answer before it counts")?;
    let bcj = target.bcj.as_deref();
    if let Some(shared) = shared {
        shared.measure(context, &mut built, bcj)?;
    }
    if let Some(squashfs) = &experiment.squashfs {
        let filter = bcj.filter(|_| squashfs.filter != Some(false));
        let block = squashfs.block.as_deref().unwrap_or("1M");
        let work = context.repo.path("out/ladder");
        built.sizes.flash = on_flash(&built.file, filter, block, &work, &context.log)?;
    }
    Ok(Some(Measured {
        row: Row {
            id: id.to_owned(),
            version: None,
            sizes: built.sizes,
            runtime: None,
        },
        cached: built.cached,
    }))
}

/// The best program's recipe with the change made.
fn changed(experiment: &Experiment, context: &StudyContext, target: &Target) -> Result<Recipe> {
    let mut recipe = steps::best_recipe(context, target)?;
    apply(experiment, &mut recipe, context)?;
    if let Some(shared) = shared_libc(experiment, context, target)? {
        shared.link(&mut recipe);
    }
    Ok(recipe)
}

fn shared_libc(
    experiment: &Experiment,
    context: &StudyContext,
    target: &Target,
) -> Result<Option<SharedLibc>> {
    let board = target.board.as_deref().filter(|_| experiment.shared_libc);
    board
        .map(|board| SharedLibc::new(context, board))
        .transpose()
}

fn apply(experiment: &Experiment, recipe: &mut Recipe, context: &StudyContext) -> Result<()> {
    for flags in [&mut recipe.rustflags, &mut recipe.target.rustflags] {
        for unwanted in &experiment.remove_rustflags {
            remove_flag(flags, unwanted);
        }
    }
    recipe
        .rustflags
        .extend(experiment.add_rustflags.iter().cloned());
    recipe.profile.extend(experiment.profile.clone());
    if let Some(panic) = &experiment.panic {
        recipe
            .profile
            .insert("panic".to_owned(), panic.clone().into());
    }
    if let (Some(std), Some(features)) = (&mut recipe.std, &experiment.std_features) {
        std.build_std_features.clone_from(features);
    }
    if experiment.lld {
        let lld = context.lld()?;
        recipe.rustflags.push("-Clink-arg=-fuse-ld=lld".to_owned());
        recipe
            .rustflags
            .push(format!("-Clink-arg=-B{}", lld.display()));
        if let Some(gcc) = &recipe.target.linker {
            // The board's linker finds GCC's own library by itself, and names no loader in a
            // static program whatever it is told.
            let library = output(tool(gcc).arg("-print-libgcc-file-name"))?;
            let folder = Path::new(library.trim()).parent();
            let folder = folder.context("cannot find GCC's own library")?;
            recipe
                .rustflags
                .push(format!("-Clink-arg=-L{}", folder.display()));
            let static_program = "-Clink-arg=-Wl,--no-dynamic-linker";
            recipe.rustflags.push(static_program.to_owned());
        }
    }
    if let Some(name) = &experiment.program {
        recipe.program = context.program(name);
    }
    if experiment.served {
        recipe.program = context.served();
    }
    let patches = context.repo.path("crates/sizelab/patches");
    let patch = experiment
        .patch
        .iter()
        .map(|name| patches.join(format!("{name}.patch")));
    recipe.patches.extend(patch);
    recipe.versions.extend(experiment.versions.clone());
    recipe.upx |= experiment.upx;
    if experiment.linker_strips {
        recipe.strip = false;
        recipe.rustflags.push("-Clink-arg=-s".to_owned());
    }
    Ok(())
}
