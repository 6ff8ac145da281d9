//! `cargo xtask ladder`: the steps of the article and those beyond, measured.

pub(crate) mod board_target;
mod build;
mod check;
mod context;
mod inputs;
pub(crate) mod load;
mod package;
mod page;
mod prebuild;
mod recipe;
mod record;
mod runtime;
mod series;
pub(crate) mod serve;
mod shared_libc;
mod target;

use anyhow::{Result, bail};
use clap::Parser;

use buildkit::checkout::Repo;
use context::StudyContext;
use series::Selection;

pub use page::{block, chart};

#[derive(Debug, Parser)]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Measure again how the programs run, even if it is recorded: after a run on a busy machine
    #[arg(long)]
    again: bool,
    /// Build this many programs at the same time [default: one per processor]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Only compare: the tables and the chart with the measurements, and rebuilt programs with their rows
    #[arg(long, conflicts_with = "Selection")]
    check: bool,
}

impl Arguments {
    pub fn run(&self, repo: &Repo) -> Result<()> {
        if self.check {
            return check::run(repo);
        }
        let context = StudyContext::new(repo, self.again)?;
        let all = series::all(&context, &self.selection)?;
        let mut recipes = Vec::new();
        for series in &all {
            recipes.extend(series.recipes(&context)?);
        }
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        prebuild::build(&context, recipes, self.jobs.unwrap_or_else(processors))?;
        let failed = all
            .iter()
            .filter_map(|series| series.measure(&context).err());
        let failed = failed.collect::<Vec<_>>();
        if !failed.is_empty() {
            let failed = failed.iter().map(|error| format!("{error:#}"));
            bail!("{}", failed.collect::<Vec<_>>().join("\n"));
        }
        eprintln!("`cargo xtask docs` now prints the figures into the documentation");
        Ok(())
    }
}
