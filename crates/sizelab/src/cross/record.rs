//! docs/measurements/cross.json: what was built by others and how it compares, committed.

use std::collections::BTreeMap;

use anyhow::Result;
use board::units::Bytes;
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use super::job::{Comparison, With};
use crate::records::by_board::ByBoard;
use crate::records::measurement::{Boot, Measurement};
use buildkit::checkout::Repo;
use direct::context::Context;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/cross.json",
    schema: "tinyrust-cross/1",
    made_by: "cargo xtask cross --boot --record",
};

/// By board, then by who built.
type Boards = BTreeMap<String, BTreeMap<String, CrossBuild>>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CrossBuild {
    target: String,
    /// What built it, with versions.
    tools: Vec<String>,
    direct: Bytes,
    built: Bytes,
    boot: BootResult,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
}

/// What became of the image with this server in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BootResult {
    Answered {
        /// Milliseconds from power-on to the first HTTP 200.
        time_to_first_200_ms: u64,
    },
    Failed {
        /// The last line of what was said.
        reason: String,
    },
    NotTried,
}

/// Puts a row into the file, in the place of the one that was there.
pub fn add(
    context: &Context,
    with: With,
    tools: &[String],
    comparison: &Comparison,
    tried: bool,
    booted: &Result<Option<Boot>>,
) -> Result<()> {
    let row = CrossBuild {
        target: context
            .board
            .require(&context.board.rust, "rust")?
            .target
            .clone(),
        tools: tools.to_vec(),
        direct: Bytes(comparison.direct),
        built: Bytes(comparison.built),
        boot: match booted {
            Ok(Some(boot)) => BootResult::Answered {
                time_to_first_200_ms: boot.time_to_first_200_ms,
            },
            Err(error) if tried => BootResult::Failed {
                reason: last_line(&format!("{error:#}")),
            },
            _ => BootResult::NotTried,
        },
        revision: Some(context.repo.revision()),
    };
    FILE.change(&context.repo, |boards: &mut Boards| {
        let rows = boards.entry(context.board.name.clone()).or_default();
        rows.insert(with.name().to_owned(), row);
    })
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

pub fn block(repo: &Repo) -> Result<String> {
    let mut products = BTreeMap::new();
    let boards: Boards = FILE.load(repo)?;
    for board in boards.keys() {
        let elf = Measurement::component(repo, board, "server-elf")?;
        products.extend(elf.map(|elf| (board.clone(), elf)));
    }
    Ok(table(&boards, &products))
}

/// `products`: the ELF of the server in each board's recorded image.
fn table(boards: &Boards, products: &BTreeMap<String, Bytes>) -> String {
    let mut table = Table::new(&[
        "board",
        "target",
        "built by",
        ">server, bytes",
        ">direct build",
        ">difference",
        "booted",
    ]);
    for (board, rows) in boards {
        for row in rows.values() {
            let comparison = Comparison {
                direct: row.direct.get(),
                built: row.built.get(),
            };
            let booted = match &row.boot {
                // When depends on what else the machine does; the board's own measurement has it.
                BootResult::Answered { .. } => "HTTP 200".to_owned(),
                BootResult::Failed { reason } => format!("no: {reason}"),
                BootResult::NotTried => "not tried".to_owned(),
            };
            table.row(&[
                board,
                &format!("`{}`", row.target),
                &row.tools.join(", "),
                &row.built,
                &match &row.revision {
                    Some(revision) if products.get(board) != Some(&row.direct) => {
                        format!("{}, at `{revision}`", row.direct)
                    }
                    _ => row.direct.to_string(),
                },
                &format!("{:+.2} %", comparison.percent()),
                &booted,
            ]);
        }
    }
    table.markdown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::files::to_json;

    fn row(boot: BootResult) -> CrossBuild {
        CrossBuild {
            target: "t".to_owned(),
            tools: vec!["cross 0.2.5".to_owned()],
            direct: Bytes(200_000),
            built: Bytes(199_000),
            boot,
            revision: Some("abc1234".to_owned()),
        }
    }

    #[test]
    fn the_table_says_what_became_of_each() {
        let rows = [
            (
                "container",
                BootResult::Answered {
                    time_to_first_200_ms: 6_449,
                },
            ),
            (
                "zigbuild",
                BootResult::Failed {
                    reason: "SIGILL".to_owned(),
                },
            ),
        ];
        let rows = rows.map(|(name, outcome)| (name.to_owned(), row(outcome)));
        let boards = [("b".to_owned(), rows.into())].into();
        let products = [("b".to_owned(), Bytes(200_000))].into();
        let older = table(&boards, &BTreeMap::new());
        assert!(older.contains("| 200,000, at `abc1234` |"), "{older}");
        let table = table(&boards, &products);
        assert!(
            table.contains("| 199,000 | 200,000 | -0.50 % | HTTP 200 |"),
            "{table}"
        );
        assert!(table.contains("| no: SIGILL |"), "{table}");
    }

    #[test]
    fn a_row_survives_being_written() {
        for outcome in [
            BootResult::NotTried,
            BootResult::Failed {
                reason: "x".to_owned(),
            },
            BootResult::Answered {
                time_to_first_200_ms: 1,
            },
        ] {
            let row = row(outcome);
            let again: CrossBuild = serde_json::from_str(&to_json(&row).unwrap()).unwrap();
            assert_eq!(again, row);
        }
    }
}
