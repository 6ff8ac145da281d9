//! What was predicted and found: docs/measurements/truth.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::Result;
use board::units::{Bytes, Difference};
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use super::cuts::Cuts;
use crate::records::by_board::ByBoard;
use buildkit::checkout::Repo;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/truth.json",
    schema: "tinyrust-truth/1",
    made_by: "cargo xtask truth",
};

/// A prediction is a hit within this part of what was found, or within [`BYTES`].
const SHARE: f64 = 0.05;
const BYTES: u64 = 256;

/// What leaving something out was predicted to save, and saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub kind: String,
    pub revision: String,
    /// What the report says that it takes.
    pub on_flash: Bytes,
    /// What the report says that leaving it out saves.
    pub predicted: Bytes,
    /// What the image without it is smaller by, in bytes.
    pub found: i64,
    /// What explains the difference, where it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Puts a figure in the place of the one that was there.
pub fn add(repo: &Repo, board: &str, cut: &str, measured: Measured) -> Result<()> {
    FILE.change(
        repo,
        |boards: &mut BTreeMap<String, BTreeMap<String, Measured>>| {
            let cuts = boards.entry(board.to_owned()).or_default();
            cuts.insert(cut.to_owned(), measured);
        },
    )
}

/// The table of the documents, in truth.toml's order.
pub fn block(repo: &Repo) -> Result<String> {
    let cuts = Cuts::load(repo)?;
    let boards: BTreeMap<String, BTreeMap<String, Measured>> = FILE.load(repo)?;
    let all = boards.get(&cuts.board);
    let rows = cuts.cuts.iter().map(|cut| {
        let measured = all.and_then(|all| all.get(&cut.name));
        (cut.name.as_str(), cut.kind.as_str(), measured)
    });
    Ok(table(rows).markdown())
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str, Option<&'a Measured>)>) -> Table {
    let mut table = Table::new(&[
        "taken out",
        "kind",
        ">on flash",
        ">predicted",
        ">found",
        ">off by",
        "verdict",
    ]);
    for (name, kind, measured) in rows {
        let Some(measured) = measured else {
            table.row(&[&name, &kind, &"", &"", &"", &"", &"not measured"]);
            continue;
        };
        let found = Difference(i128::from(measured.found));
        let off = Difference(i128::from(measured.predicted.get()) - i128::from(measured.found));
        let verdict = match (is_hit(measured), measured.why.as_str()) {
            (true, _) => "hit".to_owned(),
            (false, "") => "miss".to_owned(),
            (false, why) => format!("miss: {why}"),
        };
        table.row(&[
            &name,
            &kind,
            &measured.on_flash,
            &measured.predicted,
            &found,
            &format!("{off:+}"),
            &verdict,
        ]);
    }
    table
}

/// Whether the prediction is within 5 % of what was found, or within 256 bytes.
fn is_hit(measured: &Measured) -> bool {
    let off = measured.found.abs_diff(measured.predicted.get() as i64);
    off <= BYTES || off as f64 <= SHARE * measured.found.unsigned_abs() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(predicted: u64, found: i64) -> Measured {
        Measured {
            kind: "applet".to_owned(),
            revision: "abc1234".to_owned(),
            on_flash: Bytes(predicted),
            predicted: Bytes(predicted),
            found,
            why: String::new(),
        }
    }

    #[test]
    fn a_hit_is_within_256_bytes_or_5_percent() {
        assert!(is_hit(&measured(256, 0)) && !is_hit(&measured(257, 0)));
        assert!(is_hit(&measured(95_000, 100_000)) && !is_hit(&measured(94_999, 100_000)));
        assert!(is_hit(&measured(0, -256)) && !is_hit(&measured(0, -257)));
    }

    #[test]
    fn a_cut_that_was_not_measured_has_a_row() {
        let one = measured(1_000, 900);
        let rows = [("wget", "applet", Some(&one)), ("vi", "applet", None)];
        let text = table(rows.into_iter()).markdown();
        let lines = text.lines().skip(2).collect::<Vec<_>>();
        assert_eq!(
            lines,
            [
                "| wget | applet | 1,000 | 1,000 | 900 | +100 | hit |",
                "| vi | applet | | | | | not measured |",
            ]
        );
    }
}
