//! The programs of all rows, built side by side before the first is measured.
//!
//! Compiling takes nearly all of a run's time, and the last part of it, LTO, has only one thread.
//! How programs run is measured afterwards, one by one, with nothing else going on in this run.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use super::context::StudyContext;
use super::recipe::Recipe;
use buildkit::command::Log;
use buildkit::key::Key;
use buildkit::progress::{Outcome, Progress};

/// Builds programs with some workers. What fails is left to who measures it: that says so.
pub fn build(context: &StudyContext, recipes: Vec<Recipe>, workers: usize) -> Result<()> {
    let recipes = unique(recipes);
    // What several rows begin with comes first, so that none waits for another's build.
    let roots = unique(recipes.iter().map(root).collect());
    for stage in [roots, recipes] {
        side_by_side(context, &stage, workers)?;
    }
    Ok(())
}

fn side_by_side(context: &StudyContext, recipes: &[Recipe], workers: usize) -> Result<()> {
    let workers = workers.clamp(1, recipes.len().max(1));
    let logs = (0..workers)
        .map(|worker| context.repo.path(format!("out/ladder/worker-{worker}.log")))
        .collect::<Vec<_>>();
    let progress = Progress::new(recipes.len());
    let next = AtomicUsize::new(0);
    let work = |worker: usize| -> Result<()> {
        while let Some((at, recipe)) = take(&next, recipes) {
            // A new log for each: it is kept in the cache with what was built.
            let log = Log::create(&logs[worker])?;
            let shown = progress.start(at + 1, recipe.describe());
            shown.finish(match context.builder(worker).build(recipe, &log) {
                Ok(built) => Outcome::of(built.cached),
                Err(_) => Outcome::Failed,
            });
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads = (0..workers).map(|worker| scope.spawn(move || work(worker)));
        for thread in threads.collect::<Vec<_>>() {
            match thread.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

fn take<'a>(next: &AtomicUsize, recipes: &'a [Recipe]) -> Option<(usize, &'a Recipe)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    recipes.get(at).map(|recipe| (at, recipe))
}

/// The recipe without the tools that change the finished program.
fn root(recipe: &Recipe) -> Recipe {
    let mut root = recipe.clone();
    while let Some(before) = root.before_last_tool() {
        root = before;
    }
    root
}

/// Each once, in the same order.
fn unique(recipes: Vec<Recipe>) -> Vec<Recipe> {
    let mut seen = std::collections::BTreeSet::new();
    let new = |recipe: &Recipe| seen.insert(recipe.key(Key::new("ladder", 0)).digest());
    recipes.into_iter().filter(new).collect()
}
