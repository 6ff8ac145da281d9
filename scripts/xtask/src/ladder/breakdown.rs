//! Where the bytes are, as tables.

use anyhow::{Context, Result};
use flashfit::units::Bytes;

use super::attribution::{Attribution, rows};
use super::record::Record;

/// Crates below this many bytes in every program are added up in one line.
const SMALL: u64 = 2000;

/// By crate, one program beside the other.
///
/// # Errors
/// When a program was not taken apart.
pub fn crates(record: &Record<Attribution>, part: &str) -> Result<String> {
    let programs = programs(record, part)?;
    let size = |program: &Attribution, name: &str| {
        let found = program.crates.iter().find(|(krate, _)| krate == name);
        found.map_or(0, |(_, size)| *size)
    };
    let mut names = Vec::<&str>::new();
    for program in &programs {
        for (name, _) in &program.crates {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    // By the program that the others are compared with: the article's, with everything.
    names.sort_by_key(|name| std::cmp::Reverse(size(programs[1], name)));
    let mut text = head("crate");
    let mut others = vec![0; programs.len()];
    for name in names {
        let sizes = programs
            .iter()
            .map(|program| size(program, name))
            .collect::<Vec<_>>();
        if sizes.iter().all(|size| *size < SMALL) {
            others
                .iter_mut()
                .zip(&sizes)
                .for_each(|(sum, size)| *sum += size);
        } else {
            text += &line(name, &sizes);
        }
    }
    text += &line("others", &others);
    let totals = programs
        .iter()
        .map(|program| program.total)
        .collect::<Vec<_>>();
    text += &line("**all that is loaded**", &totals);
    Ok(text)
}

/// The largest functions of the article's program with everything, and what is left of them.
///
/// # Errors
/// When a program was not taken apart.
pub fn functions(record: &Record<Attribution>, part: &str) -> Result<String> {
    let programs = programs(record, part)?;
    let mut text = String::from("| function or table | bytes |\n|---|---:|\n");
    for (name, size) in &programs[1].functions {
        text += &format!("| `{}` | {} |\n", shortened(name), Bytes(*size));
    }
    Ok(text)
}

fn programs<'a>(record: &'a Record<Attribution>, part: &str) -> Result<Vec<&'a Attribution>> {
    let find = |id: &String| {
        let row = record.row(id);
        row.with_context(|| format!("attribution.json has no row {id}: cargo xtask ladder"))
    };
    rows(part).iter().map(find).collect()
}

fn head(what: &str) -> String {
    format!(
        "| {what} | plain release build | every step, with actix-server | and without it |\n\
         |---|---:|---:|---:|\n"
    )
}

fn line(name: &str, sizes: &[u64]) -> String {
    let cells = sizes.iter().map(|size| match size {
        0 => "–".to_owned(),
        size => Bytes(*size).to_string(),
    });
    format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Generic arguments fill lines without telling more.
fn shortened(name: &str) -> String {
    let mut short = name.replace('|', "\\|");
    if let Some((at, _)) = short.char_indices().nth(90) {
        short.truncate(at);
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::record::{Environment, SCHEMA};

    #[test]
    fn small_crates_are_one_line_and_everything_adds_up() {
        let program = |id: &str, sizes: &[(&str, u64)]| Attribution {
            id: format!("b/{id}"),
            total: sizes.iter().map(|(_, size)| size).sum(),
            crates: sizes
                .iter()
                .map(|(name, size)| ((*name).to_owned(), *size))
                .collect(),
            functions: vec![("f".repeat(200), 1)],
        };
        let record = Record {
            schema: SCHEMA,
            environment: Environment::default(),
            rows: vec![
                program("release", &[("std", 9000), ("tiny", 10)]),
                program("actix-server", &[("std", 5000), ("mini", 7)]),
                program("actix-loop", &[("std", 4000)]),
            ],
        };
        let table = crates(&record, "b").unwrap();
        assert!(table.contains("| std | 9,000 | 5,000 | 4,000 |"), "{table}");
        assert!(table.contains("| others | 10 | 7 | – |"), "{table}");
        assert!(table.contains("| 9,010 | 5,007 | 4,000 |"), "{table}");
        assert!(
            functions(&record, "b")
                .unwrap()
                .lines()
                .all(|line| line.len() < 120)
        );
        assert!(crates(&record, "c").is_err());
    }
}
