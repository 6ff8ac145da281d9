//! The sizes of a board's images over time, with the reason for each step.
//!
//! The file stands beside board.toml and is committed with it: a step is a line of JSON, so that
//! a change adds one line and git can merge those of two branches. [`accept`] adds a step,
//! [`History::growth`] names what grew since the last one.

mod date;
mod plot;
mod subject;
mod svg;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::check::Report;
use crate::file;
use board::Board;
use board::units::{Bytes, Difference};

pub use date::{BadEpoch, today};
pub use plot::plot;
pub use subject::{NotRecorded, Subject};
pub use svg::svg;

/// The version of a line.
pub const SCHEMA: &str = "flashfit-history/1";

/// The file's name, beside board.toml.
pub const FILE: &str = "size-history.jsonl";

/// The sizes of an image, and why they were accepted. Within a version, keys are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// [`SCHEMA`]
    pub schema: String,
    /// The day, as in 2026-11-29.
    pub date: String,
    /// The source revision of the image, if it is known.
    pub revision: Option<String>,
    /// Why the sizes are what they are.
    pub why: String,
    /// The bytes of all images.
    pub chip: Bytes,
    /// The bytes of each slot's images.
    pub slots: BTreeMap<String, Bytes>,
    /// The bytes of each partition's image.
    pub partitions: BTreeMap<String, Bytes>,
    /// The bytes of each component.
    pub components: BTreeMap<String, Bytes>,
}

/// All steps, the earliest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The file.
    pub path: PathBuf,
    /// Its lines.
    pub steps: Vec<Step>,
}

/// Why a history cannot be read or extended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not a step.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// No reason was given.
    #[error("--why needs the reason for the new sizes, such as \"server: TLS\"; it is empty")]
    NoReason,
    /// The image does not fit.
    #[error("not accepted, because it does not fit:\n{}", .0.join("\n"))]
    DoesNotFit(Vec<String>),
}

/// When, from what and why a step was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The day.
    pub date: String,
    /// The source revision.
    pub revision: Option<String>,
    /// Why.
    pub why: String,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The first step of a new history.
    First,
    /// A further step: what changed, by name.
    Changed(Vec<(String, Difference)>),
    /// No size changed since the last step; nothing was written.
    Same,
}

impl Step {
    fn new(report: &Report, reason: Reason) -> Step {
        let used = |name: &String, usage: &crate::check::Use| (name.clone(), usage.used);
        let images = report.partitions.iter().filter(|row| row.image.is_some());
        Step {
            schema: SCHEMA.to_owned(),
            date: reason.date,
            revision: reason.revision,
            why: reason.why.trim().to_owned(),
            chip: report.chip.usage.used,
            slots: report
                .slots
                .iter()
                .map(|row| used(&row.name, &row.usage))
                .collect(),
            partitions: images.map(|row| used(&row.name, &row.usage)).collect(),
            components: report
                .components
                .iter()
                .map(|row| used(&row.name, &row.usage))
                .collect(),
        }
    }

    /// All sizes by what they are of: `chip`, `slot a`, and the names of partitions and components.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<String, Bytes> {
        let slots = self
            .slots
            .iter()
            .map(|(name, bytes)| (format!("slot {name}"), *bytes));
        let named = self.partitions.iter().chain(&self.components);
        let named = named.map(|(name, bytes)| (name.clone(), *bytes));
        slots
            .chain(named)
            .chain([("chip".to_owned(), self.chip)])
            .collect()
    }

    /// The sizes that differ from `earlier`, by name; what only one step has differs by all of it.
    #[must_use]
    pub fn since(&self, earlier: &Step) -> Vec<(String, Difference)> {
        let (old, new) = (earlier.sizes(), self.sizes());
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        let change = |name: &String| {
            let [old, new] = [&old, &new].map(|sizes| sizes.get(name).copied().unwrap_or_default());
            (name.clone(), Difference::between(old, new))
        };
        let changes = names.into_iter().map(change);
        changes
            .filter(|(_, change)| *change != Difference(0))
            .collect()
    }
}

impl History {
    /// Where the history of a board is.
    #[must_use]
    pub fn path(board: &Board) -> PathBuf {
        board.path.with_file_name(FILE)
    }

    /// The history beside a board.toml; none if there is no such file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a line is not a step.
    pub fn of(board: &Board) -> Result<Option<History>, Error> {
        let path = History::path(board);
        match std::fs::read_to_string(&path) {
            Ok(text) => History::parse(&text, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// Reads lines; `path` is for errors.
    ///
    /// # Errors
    ///
    /// If a line is not a step.
    pub fn parse(text: &str, path: &Path) -> Result<History, Error> {
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let step = |(at, line): (usize, &str)| {
            let error = |reason: String| Error::Line {
                path: path.to_owned(),
                line: at + 1,
                reason,
            };
            let step: Step = serde_json::from_str(line)
                .map_err(|source| error(format!("is not a step of a size history: {source}")))?;
            match step.schema.as_str() {
                SCHEMA => Ok(step),
                other => Err(error(format!(
                    "has the schema {other}, this program reads {SCHEMA}"
                ))),
            }
        };
        Ok(History {
            path: path.to_owned(),
            steps: lines.map(step).collect::<Result<_, _>>()?,
        })
    }

    /// What grew since the last step, by name, unless by less than a compressor varies. Many small
    /// steps do not escape by that, because all are compared with the last accepted one. Partitions with the same image count once, slots
    /// and the chip only where nothing in them explains their growth; a new component has not
    /// grown.
    #[must_use]
    pub fn growth(&self, report: &Report) -> Vec<(String, Difference)> {
        let Some(last) = self.steps.last() else {
            return Vec::new();
        };
        let mut images = Vec::new();
        let partitions = report.partitions.iter().filter(|row| {
            let is_first = !images.contains(&&row.image);
            images.push(&row.image);
            is_first && row.image.is_some()
        });
        let parts = partitions.map(|row| (&row.name, &row.usage, &last.partitions));
        let components = report.components.iter();
        let components = components.map(|row| (&row.name, &row.usage, &last.components));
        let grown = parts.chain(components).filter_map(|(name, usage, before)| {
            let change = Difference::between(*before.get(name)?, usage.used);
            is_growth(change, usage.used).then(|| (name.clone(), change))
        });
        let mut grown: Vec<_> = grown.collect();
        let chip = Difference::between(last.chip, report.chip.usage.used);
        if grown.is_empty() && is_growth(chip, report.chip.usage.used) {
            grown.push(("chip".to_owned(), chip));
        }
        grown
    }
}

/// More than 64 bytes and more than a thousandth: a revision in a program, or the order of its
/// functions, makes it a few bytes larger or smaller when it is compressed.
fn is_growth(change: Difference, size: Bytes) -> bool {
    change > Difference(i128::from(size.get() / 1000).max(64))
}

/// Adds the sizes of a report to the board's history, if one of them changed.
///
/// # Errors
///
/// If there is no reason, something is over budget, or the file cannot be read or written; then
/// it is as it was.
pub fn accept(board: &Board, report: &Report, reason: Reason) -> Result<Accepted, Error> {
    if reason.why.trim().is_empty() {
        return Err(Error::NoReason);
    }
    if !report.fits {
        return Err(Error::DoesNotFit(report.errors.clone()));
    }
    let history = History::of(board)?;
    let step = Step::new(report, reason);
    let last = history.as_ref().and_then(|history| history.steps.last());
    let accepted = match last.map(|last| step.since(last)) {
        None => Accepted::First,
        Some(changes) if changes.is_empty() => return Ok(Accepted::Same),
        Some(changes) => Accepted::Changed(changes),
    };
    let steps = history.iter().flat_map(|history| &history.steps);
    let text: String = steps.chain([&step]).map(line).collect();
    let path = History::path(board);
    match file::write(&path, text.as_bytes()) {
        Ok(()) => Ok(accepted),
        Err(source) => Err(Error::File { path, source }),
    }
}

fn line(step: &Step) -> String {
    // Strings and numbers: there is nothing that JSON cannot say.
    let mut line = serde_json::to_string(step).unwrap_or_default();
    line.push('\n');
    line
}
