//! What was measured: docs/measurements/crates.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::Result;
use board::units::Bytes;
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use crate::figures;
use crate::flags::first_error;
use crate::records::by_board::ByBoard;
use buildkit::checkout::Repo;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/crates.json",
    schema: "tinyrust-crates/1",
    made_by: "cargo xtask crates",
};

/// A crate on a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What it is made of.
    pub on: String,
    /// What had to be set.
    pub set: String,
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum Outcome {
    Answers(Answers),
    /// Before the build.
    Refused {
        refused: String,
    },
    TooLarge {
        on_flash: Bytes,
    },
    Fails {
        fails: String,
    },
}

/// It boots, and is asked for 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    pub elf: Bytes,
    pub on_flash: Bytes,
    pub rss: Option<Bytes>,
}

impl Outcome {
    /// The obstacle and what to do, without what is said of all.
    pub fn refused(error: &anyhow::Error) -> Self {
        let text = format!("{error:#}");
        let lines = text.lines().filter(|line| line.starts_with("  "));
        let lines = lines.map(str::trim).collect::<Vec<_>>();
        Self::Refused {
            refused: match lines.is_empty() {
                true => text.lines().next().unwrap_or_default().to_owned(),
                false => lines.join("; "),
            },
        }
    }

    /// The compiler's first error.
    pub fn fails(error: &anyhow::Error) -> Self {
        Self::Fails {
            fails: first_error(&format!("{error:#}")),
        }
    }
}

type Crates = BTreeMap<String, Measured>;

/// Puts a row in the place of the one that was there.
pub fn add(repo: &Repo, board: &str, name: &str, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards: &mut BTreeMap<String, Crates>| {
        let crates = boards.entry(board.to_owned()).or_default();
        crates.insert(name.to_owned(), measured);
    })
}

/// The table of the documents.
pub fn block(repo: &Repo) -> Result<String> {
    Ok(table(&FILE.load(repo)?).markdown())
}

fn table(boards: &BTreeMap<String, Crates>) -> Table {
    let columns = ["board", "crate", "on", ">ELF", ">on flash", ">RSS", "set"];
    let mut table = Table::new(&columns);
    for (board, crates) in boards {
        for (name, measured) in crates {
            let (elf, flash, rss) = match &measured.outcome {
                Outcome::Answers(found) => (
                    found.elf.to_string(),
                    found.on_flash.to_string(),
                    figures::bytes(found.rss),
                ),
                Outcome::TooLarge { on_flash } => {
                    ("too large".to_owned(), on_flash.to_string(), String::new())
                }
                Outcome::Refused { refused } => {
                    (format!("refused: {refused}"), String::new(), String::new())
                }
                Outcome::Fails { fails } => {
                    (format!("fails: `{fails}`"), String::new(), String::new())
                }
            };
            let set = match measured.set.is_empty() {
                true => String::new(),
                false => format!("`{}`", measured.set),
            };
            table.row(&[
                &format!("`{board}`"),
                &format!("`{name}`"),
                &measured.on,
                &elf,
                &flash,
                &rss,
                &set,
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_its_obstacles_and_a_failure_the_compiler_s_first_error() {
        let refusal = anyhow::anyhow!("sfz cannot run:\n  a calls b\n    update c\n--anyway tries");
        let refused = "a calls b; update c".to_owned();
        assert_eq!(Outcome::refused(&refusal), Outcome::Refused { refused });
        let failure = anyhow::anyhow!("the step failed:\n  | warning: x\n  | error: no such\n");
        let fails = "error: no such".to_owned();
        assert_eq!(Outcome::fails(&failure), Outcome::Fails { fails });
    }

    #[test]
    fn every_outcome_is_a_row_and_read_again() {
        let outcomes = [
            Outcome::Answers(Answers {
                elf: Bytes(3_000),
                on_flash: Bytes(1_000),
                rss: Some(Bytes(2_000)),
            }),
            Outcome::Refused {
                refused: "no".into(),
            },
            Outcome::TooLarge {
                on_flash: Bytes(9_000),
            },
            Outcome::Fails {
                fails: "error".into(),
            },
        ];
        let crates = outcomes.into_iter().enumerate().map(|(at, outcome)| {
            let measured = Measured {
                on: "std".into(),
                set: "-- -p 80".into(),
                outcome,
            };
            (format!("c{at}"), measured)
        });
        let boards = BTreeMap::from([("b".to_owned(), crates.collect::<Crates>())]);
        let text = serde_json::to_string(&boards).unwrap();
        let read: BTreeMap<String, Crates> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, boards);
        let table = table(&boards).markdown();
        for said in [
            "3,000 | 1,000 | 2,000",
            "refused: no",
            "too large | 9,000",
            "fails: `error`",
        ] {
            assert!(table.contains(said), "{said}: {table}");
        }
    }
}
