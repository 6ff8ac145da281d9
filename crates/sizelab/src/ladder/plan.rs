//! What a run measures: the parts, each with its rows and how their programs are built.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::article::Article;
use super::bench::{ARTICLE_TARGET, Bench, native};
use super::beyond::Beyond;
use super::company::Company;
use super::recipe::Recipe;
use super::record::{Named, Record, record_path};
use super::suite::{self, Kinds};
use super::target::Target;
use super::{attribution, board_target};
use buildkit::checkout::DEFAULT_BOARD;

/// The targets that experiments are made on and that programs are taken apart for.
const PARTS: [&str; 2] = [DEFAULT_BOARD, ARTICLE_TARGET];

/// A part of the measurements: the rows of one target that go into one file.
pub struct Part {
    kind: Kind,
    /// Of the article's target or of a board.
    target: Target,
    /// The file's name, and what `--target` calls it.
    file: String,
    /// The rows to measure now.
    chosen: Vec<String>,
    /// All rows of the file, in its order.
    all: Vec<String>,
}

enum Kind {
    Ladder,
    Beyond(Beyond),
    Attribution,
    Company(Company),
}

/// What is asked for.
pub struct Wanted<'a> {
    /// Says whether a file is wanted.
    pub part: &'a dyn Fn(&str) -> bool,
    /// Chooses of its rows.
    pub rows: &'a dyn Fn(&[String]) -> Vec<String>,
    /// No part was named: one that this machine cannot measure is left out.
    pub everything: bool,
    /// Which rows of the article's target.
    pub kinds: Kinds,
}

/// The parts that are wanted.
///
/// # Errors
/// When a file of the checkout is not understood, or a board's compiler cannot be built.
pub fn parts(bench: &Bench, wanted: &Wanted) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    if (wanted.part)(ARTICLE_TARGET) {
        let article = Article::read(&bench.repo.path("docs/ladder/2018.json"))?;
        let rows = |kinds| suite::article_rows(&bench.steps, &article, kinds);
        parts.push(Part {
            kind: Kind::Ladder,
            target: native(),
            file: ARTICLE_TARGET.to_owned(),
            chosen: (wanted.rows)(&rows(wanted.kinds)),
            all: rows(Kinds::All),
        });
    }
    for board in bench.repo.boards()? {
        if (wanted.part)(&board) {
            let target = match board_target::target(bench, &board) {
                Ok(target) => target,
                Err(error) if wanted.everything => {
                    eprintln!("left out: {board}: {error:#}; `cargo xtask setup --board {board}`");
                    continue;
                }
                Err(error) => return Err(error.context(board)),
            };
            let all = suite::board_rows(&bench.steps, &target);
            parts.push(Part {
                kind: Kind::Ladder,
                target,
                file: board,
                chosen: (wanted.rows)(&all),
                all,
            });
        }
    }
    if (wanted.part)("beyond") {
        let read = || Beyond::read(&bench.repo.path("crates/sizelab/beyond.toml"));
        let beyond = read()?;
        let all = PARTS.map(|part| beyond.rows(part)).concat();
        for name in PARTS {
            parts.push(Part {
                kind: Kind::Beyond(read()?),
                target: target(bench, name)?,
                file: "beyond".to_owned(),
                chosen: (wanted.rows)(&beyond.rows(name)),
                all: all.clone(),
            });
        }
    }
    if (wanted.part)("attribution") {
        for name in PARTS {
            parts.push(Part {
                kind: Kind::Attribution,
                target: target(bench, name)?,
                file: "attribution".to_owned(),
                chosen: (wanted.rows)(&attribution::rows(name)),
                all: PARTS.map(attribution::rows).concat(),
            });
        }
    }
    if (wanted.part)("company") {
        let company = Company::read(&bench.repo.path("crates/sizelab/company.toml"))?;
        let all = company.rows();
        parts.push(Part {
            kind: Kind::Company(company),
            target: native(),
            file: "company".to_owned(),
            chosen: (wanted.rows)(&all),
            all,
        });
    }
    Ok(parts)
}

fn target(bench: &Bench, name: &str) -> Result<Target> {
    match name {
        ARTICLE_TARGET => Ok(native()),
        board => board_target::target(bench, board),
    }
}

impl Part {
    /// How the programs of the chosen rows are built.
    ///
    /// # Errors
    /// When a row is unknown.
    pub fn recipes(&self, bench: &Bench) -> Result<Vec<Recipe>> {
        let recipe = |id: &String| {
            Ok(match &self.kind {
                Kind::Ladder => Some(suite::recipe(bench, &self.target, id)?),
                Kind::Beyond(beyond) => beyond.recipe(bench, &self.target, id)?,
                Kind::Attribution => Some(attribution::recipe(bench, &self.target, id)?),
                Kind::Company(company) => company.recipe(bench, id)?,
            })
        };
        self.chosen
            .iter()
            .filter_map(|id| recipe(id).transpose())
            .collect()
    }

    /// Measures the chosen rows, and keeps each as soon as it is there.
    ///
    /// # Errors
    /// With the rows that failed, when all have been tried.
    pub fn measure(&self, bench: &Bench) -> Result<()> {
        let (target, chosen) = (&self.target, &self.chosen[..]);
        match &self.kind {
            Kind::Ladder => suite::measure(bench, target, chosen, |row| self.keep(bench, row)),
            Kind::Beyond(beyond) => {
                beyond.measure(bench, target, chosen, |row| self.keep(bench, row))
            }
            Kind::Attribution => {
                attribution::measure(bench, target, chosen, |row| self.keep(bench, row))
            }
            Kind::Company(company) => company.measure(bench, chosen, |row| self.keep(bench, row)),
        }
    }

    /// Puts a new row into the part's file. Rows that were measured with other tools or crates do
    /// not stand beside new ones.
    fn keep<T>(&self, bench: &Bench, row: T) -> Result<()>
    where
        T: Named + Serialize + DeserializeOwned,
    {
        let path = record_path(bench.repo, &self.file);
        let old = Record::read(&path)?.filter(|old| old.environment == bench.environment);
        let mut record = old.unwrap_or_else(|| Record {
            environment: bench.environment.clone(),
            ..Record::default()
        });
        record.merge(vec![row], &self.all);
        record.write(&path)
    }
}
