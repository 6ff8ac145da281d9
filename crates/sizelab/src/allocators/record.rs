//! What was measured: docs/measurements/allocators.json, and the table that it makes.

use std::collections::BTreeMap;
use std::fmt::Display;

use anyhow::{Context as _, Result};
use board::units::Bytes;
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use super::{ALLOCATORS, BOARD, CLIENTS, NOTES, REQUESTS, TURNS, WORKERS};
use crate::figures::NONE;
use crate::prices;
use crate::records::by_board::ByBoard;
use buildkit::checkout::Repo;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/allocators.json",
    schema: "tinyrust-allocators/1",
    made_by: "cargo xtask allocators",
};

/// All runs on a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    revision: String,
    /// Bytes of the shortest and of the longest note.
    lengths: (usize, usize),
    /// By allocator, by number of workers.
    runs: BTreeMap<String, BTreeMap<usize, Run>>,
}

/// A program's run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Requests per second of processor time, as a multiple of the C library's in the same turn:
    /// the median.
    pub requests: f64,
    pub quartiles: (f64, f64),
    pub resident_kib: Memory,
}

/// The resident set of a program in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    pub started: u64,
    /// Each note is there once.
    pub filled: u64,
    /// After all requests.
    pub asked: u64,
    /// Without notes.
    pub forgotten: u64,
}

impl Measured {
    pub fn new(revision: String, lengths: (usize, usize)) -> Self {
        Self {
            revision,
            lengths,
            runs: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, allocator: &str, workers: usize, run: Run) {
        let runs = self.runs.entry(allocator.to_owned()).or_default();
        runs.insert(workers, run);
    }
}

pub fn save(repo: &Repo, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards| {
        boards.insert(BOARD.to_owned(), measured);
    })
}

/// The table of the documents.
///
/// # Errors
/// When a file cannot be read or has no run.
pub fn block(repo: &Repo) -> Result<String> {
    let boards: BTreeMap<String, Measured> = FILE.load(repo)?;
    let measured = boards.get(BOARD);
    let measured = measured.with_context(|| format!("no allocators for {BOARD}"))?;
    let mut prices = BTreeMap::new();
    for allocator in ALLOCATORS {
        let price = prices::on_flash(repo, &format!("allocator-{allocator}"))?;
        prices.insert(allocator, price.unwrap_or(NONE.to_owned()));
    }
    Ok(table(measured, &prices))
}

fn table(measured: &Measured, prices: &BTreeMap<&str, String>) -> String {
    let mut table = Table::new(&[
        "allocator",
        ">on flash",
        ">workers",
        ">requests",
        ">KiB at start",
        ">with all notes",
        ">after all requests",
        ">without notes",
    ]);
    for allocator in ALLOCATORS {
        for workers in WORKERS {
            let first = workers == WORKERS[0];
            let run = measured
                .runs
                .get(allocator)
                .and_then(|all| all.get(&workers));
            let Some(run) = run else { continue };
            let (name, price) = match first {
                true => (
                    allocator,
                    prices.get(allocator).map_or(NONE, String::as_str),
                ),
                false => ("", ""),
            };
            let requests = match allocator == ALLOCATORS[0] {
                true => "1".to_owned(),
                false => format!(
                    "{:.2} ({:.2} to {:.2})",
                    run.requests, run.quartiles.0, run.quartiles.1
                ),
            };
            let kib = |kib: u64| Bytes(kib).to_string();
            let memory = run.resident_kib;
            let memory = [
                memory.started,
                memory.filled,
                memory.asked,
                memory.forgotten,
            ]
            .map(kib);
            let mut cells: Vec<&dyn Display> = vec![&name, &price, &workers, &requests];
            cells.extend(memory.iter().map(|cell| cell as &dyn Display));
            table.row(&cells);
        }
    }
    table.markdown()
        + &format!(
            "\n{} requests over {CLIENTS} connections. Each replaces one of {NOTES} notes of {} \
             to {} bytes of JSON and returns the previous one. The column \"requests\" gives \
             requests per CPU-second relative to musl: the median of {TURNS} turns, with the \
             quartiles in parentheses. x86-64, static, at `{}`.\n",
            Bytes((TURNS * REQUESTS) as u64),
            measured.lengths.0,
            Bytes(measured.lengths.1 as u64),
            measured.revision
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_allocator_has_its_price_once_and_a_line_for_each_number_of_workers() {
        let mut measured = Measured::new("abc1234".to_owned(), (30, 6_000));
        for (allocator, requests) in [("musl", 1.0), ("mimalloc", 1.25)] {
            for workers in WORKERS {
                let resident_kib = Memory {
                    started: 400,
                    filled: 900,
                    asked: 1200,
                    forgotten: 700,
                };
                let run = Run {
                    requests,
                    quartiles: (requests - 0.1, requests + 0.1),
                    resident_kib,
                };
                measured.add(allocator, workers, run);
            }
        }
        let prices = BTreeMap::from([("mimalloc", "+28,080".to_owned())]);
        let text = table(&measured, &prices);
        let rows = text.lines().skip(2).take(4).collect::<Vec<_>>();
        assert_eq!(
            rows,
            [
                "| musl | – | 1 | 1 | 400 | 900 | 1,200 | 700 |",
                "| | | 4 | 1 | 400 | 900 | 1,200 | 700 |",
                "| mimalloc | +28,080 | 1 | 1.25 (1.15 to 1.35) | 400 | 900 | 1,200 | 700 |",
                "| | | 4 | 1.25 (1.15 to 1.35) | 400 | 900 | 1,200 | 700 |",
            ]
        );
    }
}
