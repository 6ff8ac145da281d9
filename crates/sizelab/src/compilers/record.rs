//! What was measured: docs/measurements/compilers.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use board::units::{Bytes, Difference};
use flashfit::table::Table;
use rustcheck::profiles::Version;
use serde::{Deserialize, Serialize};

use crate::apps::ServerSize;
use crate::flags::Effect;
use crate::records::by_board::ByBoard;
use buildkit::checkout::Repo;
use buildkit::files::read_toml;

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/compilers.json",
    schema: "tinyrust-compilers/1",
    made_by: "cargo xtask compilers",
};

/// A board's server by one compiler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The first line of `rustc -vV`.
    pub compiler: String,
    pub revision: String,
    pub server: Effect,
}

/// By version of Rust.
type Versions = BTreeMap<String, Measured>;

/// Puts a figure in the place of the one that was there.
pub fn add(repo: &Repo, board: &str, version: &str, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards: &mut BTreeMap<String, Versions>| {
        let versions = boards.entry(board.to_owned()).or_default();
        versions.insert(version.to_owned(), measured);
    })
}

/// The table of the documents: by version and board, bytes on flash and as a file.
pub fn block(repo: &Repo) -> Result<String> {
    let used = pinned(repo)?;
    Ok(table(&FILE.load(repo)?, &used).markdown())
}

/// The version that rust-toolchain.toml names.
fn pinned(repo: &Repo) -> Result<String> {
    let file: toml::Table = read_toml(&repo.path("rust-toolchain.toml"))?;
    let channel = file.get("toolchain").and_then(|table| table.get("channel"));
    let channel = channel.and_then(toml::Value::as_str).map(str::to_owned);
    channel.context("rust-toolchain.toml names no channel")
}

/// Which of a server's sizes a row shows.
type Figure = fn(&ServerSize) -> Bytes;

fn table(boards: &BTreeMap<String, Versions>, used: &str) -> Table {
    let mut versions = boards.values().flat_map(Versions::keys).collect::<Vec<_>>();
    versions.sort_by_key(|version| Version::parse(version).ok());
    versions.dedup();
    let columns = boards.keys().map(|board| format!(">`{board}`"));
    let columns = ["Rust".to_owned(), "bytes".to_owned()]
        .into_iter()
        .chain(columns);
    let columns = columns.collect::<Vec<_>>();
    let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
    for version in versions {
        let name = match version == used {
            true => format!("**{version}**"),
            false => version.clone(),
        };
        let kinds: [(&str, Figure); 2] =
            [("on flash", |size| size.flash), ("ELF", |size| size.elf)];
        for (place, (kind, bytes)) in kinds.into_iter().enumerate() {
            let name = if place == 0 { &*name } else { "" };
            let figures = boards.values().map(|all| cell(all, version, used, bytes));
            let first = [name, kind].map(str::to_owned);
            let cells = first.into_iter().chain(figures).collect::<Vec<_>>();
            let cells = cells.iter().map(|cell| cell as &dyn std::fmt::Display);
            table.row(&cells.collect::<Vec<_>>());
        }
    }
    table
}

/// A size, and how it compares with that by the compiler that the checkout uses.
fn cell(versions: &Versions, version: &str, used: &str, bytes: fn(&ServerSize) -> Bytes) -> String {
    let size = match versions.get(version).map(|measured| &measured.server) {
        Some(Effect::Size(size)) => size,
        Some(Effect::Fails { fails }) => return format!("`{fails}`"),
        None => return "not measured".to_owned(),
    };
    match versions.get(used).map(|measured| &measured.server) {
        Some(Effect::Size(own)) if version != used => {
            let difference = Difference::between(bytes(own), bytes(size));
            format!("{} ({difference:+})", bytes(size))
        }
        _ => bytes(size).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order_and_compared_with_the_one_in_use() {
        let measured = |flash| Measured {
            compiler: "rustc".to_owned(),
            revision: "abc1234".to_owned(),
            server: match flash {
                0 => Effect::Fails {
                    fails: "error: no".to_owned(),
                },
                flash => Effect::Size(ServerSize {
                    elf: Bytes(9_000),
                    flash: Bytes(flash),
                }),
            },
        };
        let of = |all: &[(&str, u64)]| {
            let all = all.iter();
            all.map(|&(version, flash)| (version.to_owned(), measured(flash)))
                .collect::<Versions>()
        };
        let boards = BTreeMap::from([
            (
                "a".to_owned(),
                of(&[("1.100.0", 1_200), ("1.95.0", 1_000), ("1.85.1", 0)]),
            ),
            ("b".to_owned(), of(&[("1.95.0", 700)])),
        ]);
        let text = table(&boards, "1.95.0").markdown();
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(
            lines[2..],
            [
                "| 1.85.1 | on flash | `error: no` | not measured |",
                "| | ELF | `error: no` | not measured |",
                "| **1.95.0** | on flash | 1,000 | 700 |",
                "| | ELF | 9,000 | 9,000 |",
                "| 1.100.0 | on flash | 1,200 (+200) | not measured |",
                "| | ELF | 9,000 (0) | not measured |",
            ]
        );
    }
}
