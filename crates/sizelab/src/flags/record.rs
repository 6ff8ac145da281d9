//! What was measured: docs/measurements/flags.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::Result;
use board::units::{Bytes, Difference};
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use super::candidates::{self, Candidate, Verdict};
use super::effect::Effect;
use crate::apps::ServerSize;
use crate::records::by_board::ByBoard;
use crate::records::measurement::Measurement;
use buildkit::checkout::Repo;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/flags.json",
    schema: "tinyrust-flags/1",
    made_by: "cargo xtask flags",
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub rustc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The server with the board's own flags.
    pub server: ServerSize,
    /// The same with a change, by its title.
    pub changes: BTreeMap<String, Effect>,
}

/// Puts a board's figures in the place of those that were there.
pub fn add(repo: &Repo, board: &str, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards| {
        boards.insert(board.to_owned(), measured);
    })
}

/// The table of the documents: every board's flags, and what is not measured said so.
pub fn block(repo: &Repo) -> Result<String> {
    let measured: BTreeMap<String, Measured> = FILE.load(repo)?;
    let mut table = Table::new(&["board", "change", ">ELF", ">on flash", ""]);
    for board in repo.boards()? {
        let tried = candidates::load(repo, &board)?;
        if !tried.is_empty() {
            let product = Measurement::component(repo, &board, "server")?;
            add_rows(&mut table, &board, &tried, measured.get(&board), product);
        }
    }
    Ok(table.markdown())
}

/// `product` is what the server of the board's recorded image takes on flash.
fn add_rows(
    table: &mut Table,
    board: &str,
    tried: &[Candidate],
    measured: Option<&Measured>,
    product: Option<Bytes>,
) {
    let board = format!("`{board}`");
    let Some(measured) = measured else {
        return table.row(&[&board, &"not measured"]);
    };
    let (server, changes) = (&measured.server, &measured.changes);
    let own = match &measured.revision {
        Some(revision) if product.is_some_and(|bytes| bytes != server.flash) => {
            format!("**unchanged**, at `{revision}`")
        }
        _ => "**unchanged**".to_owned(),
    };
    table.row(&[&board, &own, &server.elf, &server.flash]);
    let change = |before, after| format!("{:+}", Difference::between(before, after));
    for candidate in tried {
        let (elf, flash) = match changes.get(&candidate.title) {
            Some(Effect::Size(size)) => (
                change(server.elf, size.elf),
                change(server.flash, size.flash),
            ),
            Some(Effect::Fails { fails }) => ("does not build".to_owned(), format!("`{fails}`")),
            None => ("not measured".to_owned(), String::new()),
        };
        let verdict = match candidate.verdict {
            Verdict::Kept => "in the board's flags",
            Verdict::Rejected => "rejected",
        };
        let verdict = format!("{verdict}: {}", candidate.reason);
        table.row(&[&"", &candidate.title, &elf, &flash, &verdict]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::files::to_json;

    fn size(elf: u64, flash: u64) -> ServerSize {
        ServerSize {
            elf: Bytes(elf),
            flash: Bytes(flash),
        }
    }

    #[test]
    fn a_line_says_what_a_change_costs_or_that_nobody_measured_it() {
        let tried = ["a", "b", "c"].map(|title| {
            toml::from_str::<Candidate>(&format!(
                "title = {title:?}\nverdict = \"kept\"\nreason = \"r\"\nadd = [\"x\"]"
            ))
            .unwrap()
        });
        let changes = [
            ("a".to_owned(), Effect::Size(size(12_000, 500))),
            (
                "b".to_owned(),
                Effect::Fails {
                    fails: "no such feature".to_owned(),
                },
            ),
        ];
        let measured = Measured {
            rustc: "1".to_owned(),
            revision: Some("abc1234".to_owned()),
            server: size(10_000, 700),
            changes: changes.into(),
        };
        let again: Measured = serde_json::from_str(&to_json(&measured).unwrap()).unwrap();
        assert_eq!(again, measured);
        let rows = |measured, product| {
            let mut table = Table::new(&[""; 5]);
            add_rows(&mut table, "x", &tried, measured, Some(Bytes(product)));
            let text = table.markdown();
            text.lines().skip(2).map(str::to_owned).collect::<Vec<_>>()
        };
        let lines = rows(Some(&measured), 700);
        assert_eq!(lines[0], "| `x` | **unchanged** | 10,000 | 700 | |");
        assert_eq!(
            lines[1],
            "| | a | +2,000 | -200 | in the board's flags: r |"
        );
        assert!(lines[2].contains("`no such feature`"), "{lines:?}");
        assert!(lines[3].contains("not measured"), "{lines:?}");
        assert!(rows(None, 700)[0].contains("not measured"));
        let older = &rows(Some(&measured), 704)[0];
        assert!(older.contains("**unchanged**, at `abc1234` |"), "{older}");
    }
}
