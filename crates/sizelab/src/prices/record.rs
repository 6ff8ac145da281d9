//! What was measured: docs/measurements/prices.json, and the table that it makes.

use std::collections::BTreeMap;
use std::fmt::Display;

use anyhow::{Context as _, Result};
use board::units::Difference;
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use super::{BASE, Price, load};
use crate::apps::ServerSize;
use crate::flags::Effect;
use crate::records::by_board::ByBoard;
use buildkit::checkout::{DEFAULT_BOARD, Repo};

const FILE: ByBoard = ByBoard {
    path: "docs/measurements/prices.json",
    schema: "tinyrust-prices/1",
    made_by: "cargo xtask prices",
};

/// A program on a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub revision: String,
    pub program: Effect,
}

/// By name of the program.
type Programs = BTreeMap<String, Measured>;

/// Puts a figure in the place of the one that was there.
pub fn add(repo: &Repo, board: &str, name: &str, measured: Measured) -> Result<()> {
    FILE.change(repo, |boards: &mut BTreeMap<String, Programs>| {
        let programs = boards.entry(board.to_owned()).or_default();
        programs.insert(name.to_owned(), measured);
    })
}

/// The table of the documents: the default board's.
///
/// # Errors
/// When a file cannot be read or has no figures of the default board.
pub fn block(repo: &Repo) -> Result<String> {
    let mut boards: BTreeMap<String, Programs> = FILE.load(repo)?;
    let programs = boards.remove(DEFAULT_BOARD);
    let programs = programs.with_context(|| format!("no prices for {DEFAULT_BOARD}"))?;
    table(&load(repo)?, &programs)
}

/// What a program takes on flash more than the smallest one, on the default board.
pub fn on_flash(repo: &Repo, name: &str) -> Result<Option<String>> {
    let boards: BTreeMap<String, Programs> = FILE.load(repo)?;
    let programs = boards.get(DEFAULT_BOARD);
    let sizes = programs.and_then(|all| size(all, BASE).zip(size(all, name)));
    Ok(sizes.map(|(than, with)| format!("{:+}", Difference::between(than.flash, with.flash))))
}

fn table(prices: &[Price], programs: &Programs) -> Result<String> {
    let base = &programs
        .get(BASE)
        .context("no entry for the base program")?;
    let base_size = size(programs, BASE).context("the base program was not measured")?;
    let mut table = Table::new(&["for", "with", ">on flash", ">ELF"]);
    let mut last = "";
    for price in prices {
        let wish = if price.wish == last { "" } else { &price.wish };
        last = &price.wish;
        let cells = cells(price, programs);
        table.row(&[&wish as &dyn Display, &price.with, &cells.0, &cells.1]);
    }
    Ok(table.markdown()
        + &format!(
            "\nAdditional bytes compared with the same program without it, on `{DEFAULT_BOARD}`. The \
             base program, one handler for every path, takes {} on flash ({} as a file), at `{}`.\n",
            base_size.flash, base_size.elf, base.revision
        ))
}

/// How much more a program takes on flash and as a file.
fn cells(price: &Price, programs: &Programs) -> (String, String) {
    let (Some(than), Some(with)) = (size(programs, &price.than), size(programs, &price.program))
    else {
        return match programs.get(&price.program).map(|all| &all.program) {
            Some(Effect::Fails { fails }) => (format!("`{fails}`"), String::new()),
            _ => ("not measured".to_owned(), String::new()),
        };
    };
    let more = |than, with| format!("{:+}", Difference::between(than, with));
    (more(than.flash, with.flash), more(than.elf, with.elf))
}

fn size<'a>(programs: &'a Programs, name: &str) -> Option<&'a ServerSize> {
    match &programs.get(name)?.program {
        Effect::Size(size) => Some(size),
        Effect::Fails { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use board::units::Bytes;

    fn price(program: &str, wish: &str, than: &str) -> Price {
        Price {
            program: program.to_owned(),
            wish: wish.to_owned(),
            with: format!("by {program}"),
            than: than.to_owned(),
            c_library: None,
        }
    }

    #[test]
    fn a_price_is_what_is_more_than_without() {
        let measured = |flash| Measured {
            revision: "abc1234".to_owned(),
            program: Effect::Size(ServerSize {
                elf: Bytes(2 * flash),
                flash: Bytes(flash),
            }),
        };
        let mut programs = Programs::new();
        for (name, flash) in [(BASE, 90_000), ("router", 100_000), ("json", 104_000)] {
            programs.insert(name.to_owned(), measured(flash));
        }
        let prices = [
            price("router", "paths", BASE),
            price("json", "JSON", "router"),
            price("other", "JSON", "router"),
        ];
        let text = table(&prices, &programs).unwrap();
        let rows = text.lines().skip(2).take(3).collect::<Vec<_>>();
        assert_eq!(
            rows,
            [
                "| paths | by router | +10,000 | +20,000 |",
                "| JSON | by json | +4,000 | +8,000 |",
                "| | by other | not measured | |",
            ]
        );
    }

    #[test]
    fn every_program_has_its_price_and_its_feature() {
        let repo = Repo::find().unwrap();
        let prices = load(&repo).unwrap();
        let package = repo.path(super::super::workshop::PACKAGE);
        let manifest: toml::Table =
            buildkit::files::read_toml(&package.join("Cargo.toml")).unwrap();
        let mut programs = std::fs::read_dir(package.join("src/bin"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        programs.sort();
        let named = prices.iter().map(|price| price.program.as_str());
        let mut named = named.chain([BASE]).collect::<Vec<_>>();
        named.sort_unstable();
        assert_eq!(programs, named);
        for price in &prices {
            assert!(
                manifest["features"].get(&price.program).is_some(),
                "{}",
                price.program
            );
            assert!(named.contains(&price.than.as_str()), "{}", price.than);
        }
    }
}
