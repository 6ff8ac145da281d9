//! The committed measurements: `docs/ladder/*.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::build::Sizes;
use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::{read_json, to_json, write_whole};

/// Rises when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One file of measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record<T = Row> {
    pub schema: u32,
    pub environment: Environment,
    pub rows: Vec<T>,
}

/// What a measurement depends on besides its row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The compiler and the tools with their versions.
    pub tools: BTreeMap<String, String>,
    /// The versions of the crates that matter most, from the lock file.
    pub crates: BTreeMap<String, String>,
    pub machine: Machine,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many the system sees.
    pub processors: usize,
}

/// One measured program. It answered `Hello, world!`, or there would be no row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Unique in its file; a row of the ladder is `build:step+step`.
    pub id: String,
    /// Of what the program is mainly made, where the environment does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(flatten)]
    pub sizes: Sizes,
    /// None for emulated programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
}

/// A row, and whether nothing had to be done for it.
pub struct Measured<T> {
    pub row: T,
    pub cached: bool,
}

/// How a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Runtime {
    /// Milliseconds from the start to the first 200, the shortest of several starts.
    pub start_ms: f64,
    /// Anonymous memory after the load, in KiB.
    pub anonymous_kib: u64,
    /// Resident memory after the load, in KiB.
    pub resident_kib: u64,
    /// Requests in a second of the server's processor time, as a share of those of the baseline,
    /// which was asked in turns with it. On a machine that does nothing else this is the ratio
    /// of requests per second, and on a busy one it stays the same. None for a server that
    /// leaves no account of the processes it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_ratio: Option<f64>,
    /// Between these were half of the turns of which that is the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_quartiles: Option<(f64, f64)>,
    /// The same by the clock: what the server's processor time does not show, waiting and processes
    /// without an account, is in it, and so is all that the machine does besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ratio: Option<f64>,
}

/// A row that a [`Record`] keeps apart from others by its name.
pub trait Named {
    fn id(&self) -> &str;
}

impl Named for Row {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<T> Default for Record<T> {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            environment: Environment::default(),
            rows: Vec::new(),
        }
    }
}

impl<T: Named + DeserializeOwned + Serialize> Record<T> {
    /// The record of a series; an empty one where nothing was measured yet.
    pub fn load(repo: &Repo, series: &str) -> Result<Self> {
        Self::read(&record_path(repo, series))
    }

    fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let record: Self = read_json(path)?;
        schema::require(path, &record.schema, &SCHEMA)?;
        Ok(record)
    }

    /// Puts a new row in the place of that with the same name, in the given order of names.
    /// Rows that are not in the order are dropped: nothing measures them any more.
    pub fn put(&mut self, row: T, order: &[String]) {
        self.rows.retain(|old| old.id() != row.id());
        self.rows.push(row);
        let place = |row: &T| order.iter().position(|id| id == row.id());
        self.rows.retain(|row| place(row).is_some());
        self.rows.sort_by_key(place);
    }

    /// Writes a series' record, whole or not at all.
    pub fn save(&self, repo: &Repo, series: &str) -> Result<()> {
        write_whole(&record_path(repo, series), to_json(self)?)
    }

    pub fn row(&self, id: &str) -> Option<&T> {
        self.rows.iter().find(|row| row.id() == id)
    }
}

/// The name of a row of the ladder.
pub fn ladder_id(build: &str, steps: &[String]) -> String {
    format!("{build}:{}", steps.join("+"))
}

/// The build and the steps of a row of the ladder.
pub fn ladder_parts(id: &str) -> (&str, Vec<String>) {
    let (build, steps) = id.split_once(':').unwrap_or((id, ""));
    let steps = steps.split('+').filter(|step| !step.is_empty());
    (build, steps.map(str::to_owned).collect())
}

/// Where the measurements of a part are kept.
fn record_path(repo: &Repo, part: &str) -> PathBuf {
    repo.path("docs/ladder").join(format!("{part}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, elf: u64) -> Row {
        Row {
            id: id.to_owned(),
            version: None,
            sizes: Sizes {
                elf,
                upx: None,
                flash: 1,
                build_seconds: 1.0,
                sha256: String::new(),
            },
            runtime: None,
        }
    }

    fn record(rows: Vec<Row>) -> Record {
        Record {
            schema: SCHEMA,
            environment: Environment::default(),
            rows,
        }
    }

    #[test]
    fn new_rows_replace_old_ones_and_forgotten_ones_go() {
        let mut record = record(vec![row("b", 1), row("gone", 1), row("a", 1)]);
        let order = ["a", "b", "c"].map(str::to_owned);
        record.put(row("c", 2), &order);
        record.put(row("b", 3), &order);
        let seen = record.rows.iter().map(|r| (r.id.as_str(), r.sizes.elf));
        assert_eq!(seen.collect::<Vec<_>>(), [("a", 1), ("b", 3), ("c", 2)]);
    }

    #[test]
    fn a_record_survives_being_written_and_another_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert!(Record::<Row>::read(&path).unwrap().rows.is_empty());
        let mut record = record(vec![row("a", 1)]);
        write_whole(&path, to_json(&record).unwrap()).unwrap();
        assert_eq!(Record::read(&path).unwrap(), record);
        record.schema += 1;
        write_whole(&path, to_json(&record).unwrap()).unwrap();
        assert!(Record::<Row>::read(&path).is_err());
    }

    #[test]
    fn a_row_of_the_ladder_is_named_by_its_steps() {
        let steps = ["strip", "malloc"].map(str::to_owned);
        let id = ladder_id("dev", &steps);
        assert_eq!(id, "dev:strip+malloc");
        assert_eq!(ladder_parts(&id), ("dev", steps.to_vec()));
        assert_eq!(ladder_parts("release:"), ("release", vec![]));
    }
}
