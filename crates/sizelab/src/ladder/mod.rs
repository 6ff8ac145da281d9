//! `cargo xtask ladder`: the steps of the article and those beyond, measured.

mod ahead;
mod article;
mod attribution;
mod bench;
mod beyond;
mod blocks;
mod board_target;
mod breakdown;
mod chart;
mod check;
mod company;
mod figures;
mod load;
mod page;
mod plan;
mod price;
mod recipe;
mod record;
mod runtime;
mod serve;
mod shared;
mod step;
mod suite;
mod tables;
mod target;
mod variant;
mod weigh;

use anyhow::{Result, bail};
use clap::Parser;

use bench::Bench;
use buildkit::checkout::Repo;
use plan::Wanted;
use suite::Kinds;

/// What to measure.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Only rows whose name contains this, as `release:strip` or `hyper`; may be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Only this part: x86_64-unknown-linux-gnu, a board, beyond, company or attribution; may be repeated
    #[arg(long, value_name = "PART")]
    target: Vec<String>,
    /// Of the article's target only each step alone
    #[arg(long, conflicts_with = "stacked")]
    alone: bool,
    /// Of the article's target only each step on those before it
    #[arg(long)]
    stacked: bool,
    /// Measure how the programs run again, also where that is known: after a run on a busy machine
    #[arg(long)]
    again: bool,
    /// Build this many programs at the same time; as many as there are processors without it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Only compare: tables and chart with the measurements, and rebuilt programs with their rows
    #[arg(long, conflicts_with_all = ["only", "target", "alone", "stacked"])]
    check: bool,
}

impl Arguments {
    /// Measures what is asked for.
    ///
    /// # Errors
    /// When something cannot be measured or written.
    pub fn run(&self, repo: &Repo) -> Result<()> {
        if self.check {
            return check::run(repo);
        }
        let bench = Bench::new(repo, self.again)?;
        let parts = plan::parts(
            &bench,
            &Wanted {
                part: &|part| self.wants(part),
                everything: self.target.is_empty(),
                rows: &|ids| self.chosen(ids),
                kinds: match (self.alone, self.stacked) {
                    (true, _) => Kinds::Alone,
                    (_, true) => Kinds::Stacked,
                    _ => Kinds::All,
                },
            },
        )?;
        let mut recipes = Vec::new();
        for part in &parts {
            recipes.extend(part.recipes(&bench)?);
        }
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        ahead::build(&bench, recipes, self.jobs.unwrap_or_else(processors))?;
        let mut failed = Vec::new();
        for part in &parts {
            failed.extend(part.measure(&bench).err());
        }
        if !failed.is_empty() {
            let failed = failed.iter().map(|error| format!("{error:#}"));
            bail!("{}", failed.collect::<Vec<_>>().join("\n"));
        }
        eprintln!("now `cargo xtask docs` prints the figures into the documents");
        Ok(())
    }

    fn wants(&self, part: &str) -> bool {
        self.target.is_empty() || self.target.iter().any(|target| target == part)
    }

    fn chosen(&self, ids: &[String]) -> Vec<String> {
        let wanted =
            |id: &&String| self.only.is_empty() || self.only.iter().any(|t| id.contains(t));
        ids.iter().filter(wanted).cloned().collect()
    }
}

/// The content of a generated block whose name begins with `ladder`.
///
/// # Errors
/// When there is no such block, or nothing was measured that it could say.
pub fn block(repo: &Repo, name: &str) -> Result<String> {
    blocks::content(
        &page::Page::new(repo)?,
        name.strip_prefix("ladder").unwrap_or(name),
    )
}

/// The picture of the ladder, as SVG.
///
/// # Errors
/// When a measurement is not understood.
pub fn chart(repo: &Repo) -> Result<String> {
    chart::svg(&page::Page::new(repo)?)
}
