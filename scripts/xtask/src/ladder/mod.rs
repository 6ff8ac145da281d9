//! `cargo xtask ladder`: the steps of the article and those beyond, measured.

mod article;
mod attribution;
mod bench;
mod beyond;
mod board;
mod breakdown;
mod chart;
mod check;
mod company;
mod figures;
mod load;
mod page;
mod price;
mod recipe;
mod record;
mod runtime;
mod serve;
mod step;
mod suite;
mod tables;
mod target;
mod variant;
mod weigh;

pub use weigh::{on_flash, processor_seconds};

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use crate::repo::{DEFAULT_BOARD, Repo};
use article::Article;
use bench::{ARTICLE_TARGET, Bench, native};
use beyond::Beyond;
use company::Company;
use record::{Named, Record};
use serde::Serialize;
use serde::de::DeserializeOwned;
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
    /// Only compare: the chart with the measurements, and rebuilt programs with their rows
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
        let article = Article::read(&repo.path("docs/ladder/2018.json"))?;
        if self.wants(ARTICLE_TARGET) {
            let all = suite::article_rows(&bench.steps, &article, Kinds::All);
            let kinds = match (self.alone, self.stacked) {
                (true, _) => Kinds::Alone,
                (_, true) => Kinds::Stacked,
                _ => Kinds::All,
            };
            let chosen = self.chosen(&suite::article_rows(&bench.steps, &article, kinds));
            suite::measure(&bench, &native(), &chosen, |row| {
                save(&bench, ARTICLE_TARGET, row, &all)
            })?;
        }
        for board in repo.boards()? {
            if self.wants(&board) {
                let target = board::target(&bench, &board)?;
                let all = suite::board_rows(&bench.steps, &target);
                suite::measure(&bench, &target, &self.chosen(&all), |row| {
                    save(&bench, &board, row, &all)
                })?;
            }
        }
        if self.wants("beyond") {
            let beyond = Beyond::read(&repo.path("ladder/beyond.toml"))?;
            let parts = [DEFAULT_BOARD, ARTICLE_TARGET];
            let all = parts
                .iter()
                .flat_map(|part| beyond.rows(part))
                .collect::<Vec<_>>();
            for part in parts {
                let chosen = self.chosen(&beyond.rows(part));
                beyond.measure(&bench, part, &chosen, |row| {
                    save(&bench, "beyond", row, &all)
                })?;
            }
        }
        if self.wants("attribution") {
            let parts = [DEFAULT_BOARD, ARTICLE_TARGET];
            let all = parts.map(attribution::rows).concat();
            for part in parts {
                let chosen = self.chosen(&attribution::rows(part));
                attribution::measure(&bench, part, &chosen, |row| {
                    save(&bench, "attribution", row, &all)
                })?;
            }
        }
        if self.wants("company") {
            let company = Company::read(&repo.path("ladder/company.toml"))?;
            let all = company.rows();
            company.measure(&bench, &self.chosen(&all), |row| {
                save(&bench, "company", row, &all)
            })?;
        }
        let page = page::Page::new(repo)?;
        std::fs::write(chart_path(repo), chart::svg(&page)?)?;
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
    page::Page::new(repo)?.block(name.strip_prefix("ladder").unwrap_or(name))
}

fn chart_path(repo: &Repo) -> PathBuf {
    repo.path("docs/ladder/ladder.svg")
}

/// Where the measurements of a part are kept.
fn record_path(repo: &Repo, part: &str) -> PathBuf {
    repo.path("docs/ladder").join(format!("{part}.json"))
}

/// Puts a new row into the part's file. Rows that were measured with other tools or crates do
/// not stand beside new ones.
fn save<T>(bench: &Bench, part: &str, row: T, order: &[String]) -> Result<()>
where
    T: Named + Serialize + DeserializeOwned,
{
    let path = record_path(bench.repo, part);
    let old = Record::read(&path)?.filter(|old| old.environment == bench.environment);
    let mut record = old.unwrap_or_else(|| Record {
        environment: bench.environment.clone(),
        ..Record::default()
    });
    record.merge(vec![row], order);
    record.write(&path)
}
