//! Where the bytes are, as tables.

use board::units::Bytes;
use flashfit::table::Table;

use crate::figures::bytes;
use crate::ladder::record::Record;
use crate::ladder::series::{Attribution, REFERENCE};

/// Crates below this many bytes in every program are added up in one line.
const SMALL: u64 = 2000;

/// The programs and what tables call them.
const TITLES: &[(&str, &str)] = &[
    ("release", ">plain release build"),
    ("everything", ">every step of the article"),
    ("own-accept-loop", ">the same without actix-server"),
];

/// By crate, one program beside the other, as far as they were taken apart.
pub fn crates(record: &Record<Attribution>, part: &str) -> String {
    let mut titles = vec!["crate"];
    let mut programs = Vec::new();
    for (name, title) in TITLES {
        if let Some(program) = record.row(&format!("{part}/{name}")) {
            titles.push(title);
            programs.push(program);
        }
    }
    let Some(reference) = record.row(&format!("{part}/{REFERENCE}")) else {
        return String::new();
    };
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
    names.sort_by_key(|name| std::cmp::Reverse(size(reference, name)));
    let mut table = Table::new(&titles);
    let mut row = |name: &str, sizes: &[u64]| {
        let sizes = sizes.iter().map(|&size| bytes((size > 0).then_some(size)));
        table.cells(std::iter::once(name.to_owned()).chain(sizes).collect());
    };
    let mut others = vec![0; programs.len()];
    for name in names {
        let sizes = programs.iter().map(|program| size(program, name));
        let sizes = sizes.collect::<Vec<_>>();
        if sizes.iter().all(|size| *size < SMALL) {
            let sums = others.iter_mut().zip(&sizes);
            sums.for_each(|(sum, size)| *sum += size);
        } else {
            row(name, &sizes);
        }
    }
    row("others", &others);
    let totals = programs.iter().map(|program| program.total);
    row("**everything loaded**", &totals.collect::<Vec<_>>());
    table.markdown()
}

/// The largest functions of the article's program with everything.
pub fn functions(record: &Record<Attribution>, part: &str) -> String {
    let Some(program) = record.row(&format!("{part}/{REFERENCE}")) else {
        return String::new();
    };
    let mut table = Table::new(&["function or table", ">bytes"]);
    for (name, size) in &program.functions {
        table.row(&[&format!("`{}`", shortened(name)), &Bytes(*size)]);
    }
    table.markdown()
}

/// Generic arguments fill lines without telling more.
fn shortened(name: &str) -> String {
    let mut short = name.to_owned();
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
                program("everything", &[("std", 5000), ("mini", 7)]),
                program("own-accept-loop", &[("std", 4000)]),
            ],
        };
        let table = crates(&record, "b");
        assert!(table.contains("| std | 9,000 | 5,000 | 4,000 |"), "{table}");
        assert!(table.contains("| others | 10 | 7 | – |"), "{table}");
        assert!(table.contains("| 9,010 | 5,007 | 4,000 |"), "{table}");
        assert!(functions(&record, "b").lines().all(|line| line.len() < 120));
        assert!(crates(&record, "c").is_empty());
    }
}
