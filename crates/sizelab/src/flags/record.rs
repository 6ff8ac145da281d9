//! What was measured: docs/measurements/flags.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::Result;
use board::units::Bytes;
use serde::{Deserialize, Serialize};

use super::candidates::{self, Candidate, Verdict};
use crate::records::by_board::File;
use buildkit::checkout::Repo;

const FILE: File = File {
    path: "docs/measurements/flags.json",
    schema: "tinyrust-flags/1",
    made_by: "cargo xtask flags",
};

/// What was measured of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The version of rustc.
    pub rustc: String,
    /// The server with the board's own flags.
    pub server: Size,
    /// The same with a change, by its title.
    pub changes: BTreeMap<String, Outcome>,
}

/// A server's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The file.
    pub elf: Bytes,
    /// Its data in the board's squashfs.
    pub flash: Bytes,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It compiles.
    Size(Size),
    /// It does not.
    Fails {
        /// The compiler's or linker's word.
        fails: String,
    },
}

/// Puts a board's figures in the place of those that were there.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add(repo: &Repo, board: &str, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards| {
        boards.insert(board.to_owned(), measured);
    })
}

/// The table of the documents: every board's flags, and what is not measured said so.
///
/// # Errors
/// When a file cannot be used.
pub fn block(repo: &Repo) -> Result<String> {
    let measured: BTreeMap<String, Measured> = FILE.load(repo)?;
    let mut text = String::from("| board | change | ELF | on flash | |\n|---|---|---:|---:|---|\n");
    for board in repo.boards()? {
        let tried = candidates::load(repo, &board)?;
        if tried.is_empty() {
            continue;
        }
        text += &rows(&board, &tried, measured.get(&board));
    }
    Ok(text)
}

fn rows(board: &str, tried: &[Candidate], measured: Option<&Measured>) -> String {
    let Some(Measured {
        server, changes, ..
    }) = measured
    else {
        return format!("| `{board}` | not measured | | | |\n");
    };
    let mut text = format!(
        "| `{board}` | **as it is** | {} | {} | |\n",
        server.elf, server.flash
    );
    for candidate in tried {
        let (elf, flash) = match changes.get(&candidate.title) {
            Some(Outcome::Size(size)) => (
                change(server.elf, size.elf),
                change(server.flash, size.flash),
            ),
            Some(Outcome::Fails { fails }) => ("does not build".to_owned(), format!("`{fails}`")),
            None => ("not measured".to_owned(), String::new()),
        };
        let verdict = match candidate.verdict {
            Verdict::Kept => "in the board's flags",
            Verdict::Rejected => "rejected",
        };
        text += &format!(
            "| | {} | {elf} | {flash} | {verdict}: {} |\n",
            candidate.title, candidate.reason
        );
    }
    text
}

/// By how many bytes something is larger.
fn change(before: Bytes, after: Bytes) -> String {
    let difference = Bytes(before.get().abs_diff(after.get()));
    match after.cmp(&before) {
        std::cmp::Ordering::Less => format!("-{difference}"),
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("+{difference}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::files::to_json;

    fn size(elf: u64, flash: u64) -> Size {
        Size {
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
            ("a".to_owned(), Outcome::Size(size(12_000, 500))),
            (
                "b".to_owned(),
                Outcome::Fails {
                    fails: "no such feature".to_owned(),
                },
            ),
        ];
        let measured = Measured {
            rustc: "1".to_owned(),
            server: size(10_000, 700),
            changes: changes.into(),
        };
        let again: Measured = serde_json::from_str(&to_json(&measured).unwrap()).unwrap();
        assert_eq!(again, measured);
        let text = rows("x", &tried, Some(&measured));
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(lines[0], "| `x` | **as it is** | 10,000 | 700 | |");
        assert_eq!(
            lines[1],
            "| | a | +2,000 | -200 | in the board's flags: r |"
        );
        assert!(lines[2].contains("`no such feature`"), "{text}");
        assert!(lines[3].contains("not measured"), "{text}");
        assert!(rows("x", &tried, None).contains("not measured"));
    }
}
