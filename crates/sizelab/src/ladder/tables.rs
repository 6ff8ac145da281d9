//! The tables of docs/ladder.md.

use anyhow::Result;
use board::units::Bytes;

use super::bench::ARTICLE_TARGET;
use super::beyond::{Beyond, Verdict};
use super::company::Company;
use super::figures::{NONE, bytes, change, difference, head, line, percent};
use super::page::{Page, read};
use super::record::{Record, Row, Runtime, ladder_parts};
use super::step::Steps;
use buildkit::checkout::DEFAULT_BOARD;
use direct::upx;

/// The article's rows beside ours.
///
/// # Errors
/// When the article has no baseline.
pub fn of_2018(page: &Page) -> Result<String> {
    let mut text = head(&[
        "build",
        "modifications",
        ">2018",
        ">change",
        ">today",
        ">change",
        ">today / 2018",
    ]);
    for row in &page.article.rows {
        let now = page.elf(&row.build, &row.steps);
        let baseline = page.elf(&row.build, &[]);
        let today = now.zip(baseline);
        text += &line(&[
            row.build.clone(),
            row.label.clone(),
            Bytes(row.bytes).to_string(),
            change(row.bytes, page.article.baseline(&row.build)?),
            bytes(now),
            today.map_or(NONE.to_owned(), |(now, before)| change(now, before)),
            now.map_or(NONE.to_owned(), |now| percent(now, row.bytes)),
        ]);
    }
    Ok(text)
}

/// Some rows in all columns, for both builds.
///
/// # Errors
/// When a step is unknown.
pub fn steps(page: &Page, chosen: &[Vec<String>]) -> Result<String> {
    let mut text = head(&[
        "build",
        "step",
        ">ELF",
        ">change",
        ">UPX",
        ">on flash",
        ">build, CPU s",
        ">start, ms",
        ">anonymous, KiB",
        ">resident, KiB",
        ">requests",
    ]);
    for build in page.steps.builds() {
        let baseline = page.row(build, &[]);
        for steps in std::iter::once(&Vec::new()).chain(chosen) {
            let row = page.row(build, steps);
            let mut cells = vec![build.to_owned(), title(&page.steps, steps)?];
            cells.extend(weight(row, baseline));
            cells.extend(runtime(row));
            text += &line(&cells);
        }
    }
    Ok(text)
}

/// Every board's rows: those of boards/, in the order of their names.
///
/// # Errors
/// When a record or a board.toml is not understood.
pub fn boards(page: &Page) -> Result<String> {
    let (mut text, mut missing) = (String::new(), Vec::new());
    for name in page.repo.boards()? {
        let record: Record = read(page.repo, &name)?;
        if record.rows.is_empty() {
            missing.push(format!("`{name}`"));
            continue;
        }
        let facts = page.repo.board(&name)?;
        let target = &facts.require(&facts.rust, "rust")?.target;
        text += &format!("**{name}**, `{target}`:\n\n{}", board(page, &name)?);
        if let Err(reason) = upx::require(target) {
            text += &format!("\nNot packed: {reason}.\n");
        }
        text += "\n";
    }
    if !missing.is_empty() {
        text += &format!("Not measured yet: {}.\n", missing.join(", "));
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// A board's rows.
///
/// # Errors
/// When a record is not understood.
fn board(page: &Page, board: &str) -> Result<String> {
    let record: Record = read(page.repo, board)?;
    let mut text = head(&[
        "step",
        ">ELF",
        ">change",
        ">UPX",
        ">on flash",
        ">build, CPU s",
    ]);
    for row in &record.rows {
        let (_, steps) = ladder_parts(&row.id);
        let mut cells = vec![title(&page.steps, &steps)?];
        cells.extend(weight(Some(row), record.row("release:")));
        text += &line(&cells);
    }
    Ok(text)
}

/// The experiments, as differences to the best program.
///
/// # Errors
/// When a record is not understood.
pub fn beyond(page: &Page) -> Result<String> {
    let record: Record = read(page.repo, "beyond")?;
    let beyond = Beyond::read(&page.repo.path("crates/sizelab/beyond.toml"))?;
    let board = format!(">{DEFAULT_BOARD}: ELF");
    let mut text = head(&[
        "change",
        &board,
        ">on flash",
        ">x86_64: ELF",
        ">on flash",
        ">UPX",
        "",
    ]);
    let mut cells = vec!["everything".to_owned()];
    for part in [DEFAULT_BOARD, ARTICLE_TARGET] {
        let best = record.row(&format!("{part}/everything"));
        cells.push(bytes(best.map(|row| row.weight.elf)));
        cells.push(bytes(best.map(|row| row.weight.flash)));
    }
    let native = |name: &str| record.row(&format!("{ARTICLE_TARGET}/{name}"));
    let packed = |name: &str| native(name).and_then(|row| row.weight.upx);
    cells.push(bytes(packed("everything")));
    cells.push(String::new());
    text += &line(&cells);
    for experiment in &beyond.experiment {
        let mut cells = vec![experiment.title.clone()];
        for part in [DEFAULT_BOARD, ARTICLE_TARGET] {
            let best = record.row(&format!("{part}/everything"));
            let row = record.row(&format!("{part}/{}", experiment.name));
            match row.zip(best) {
                Some((row, best)) => cells.extend([
                    difference(row.weight.elf, best.weight.elf),
                    difference(row.weight.flash, best.weight.flash),
                ]),
                None => cells.extend([String::new(), String::new()]),
            }
        }
        let both = packed(&experiment.name).zip(packed("everything"));
        cells.push(both.map_or(String::new(), |(now, before)| difference(now, before)));
        let measured = cells.iter().skip(1).any(|cell| !cell.is_empty());
        let verdict = match experiment.verdict {
            Verdict::Fails => "does not compile",
            _ if !measured => {
                cells.push("not measured yet".to_owned());
                text += &line(&cells);
                continue;
            }
            Verdict::Kept => "in the product",
            Verdict::Rejected => "rejected",
        };
        cells.push(format!("{verdict}: {}", experiment.reason));
        text += &line(&cells);
    }
    Ok(text)
}

/// Other servers.
///
/// # Errors
/// When a record is not understood.
pub fn company(page: &Page) -> Result<String> {
    let record: Record = read(page.repo, "company")?;
    let company = Company::read(&page.repo.path("crates/sizelab/company.toml"))?;
    let mut text = head(&[
        "server",
        ">version",
        ">files",
        ">on flash",
        ">start, ms",
        ">anonymous, KiB",
        ">resident, KiB",
        ">requests",
        ">by the clock",
    ]);
    for server in &company.server {
        let row = record.row(&server.name);
        let mut cells = vec![
            server.title.clone(),
            row.and_then(|row| row.version.clone()).unwrap_or_default(),
            bytes(row.map(|row| row.weight.elf)),
            bytes(row.map(|row| row.weight.flash)),
        ];
        cells.extend(runtime(row));
        let clock = row.and_then(|row| row.runtime?.clock_ratio);
        cells.push(clock.map_or(NONE.to_owned(), |ratio| format!("{ratio:.2}")));
        text += &line(&cells);
    }
    Ok(text)
}

fn title(steps: &Steps, chosen: &[String]) -> Result<String> {
    Ok(match chosen {
        [] => "none".to_owned(),
        [only] => steps.step(only)?.title.clone(),
        [.., last] => format!("+ {}", steps.step(last)?.title),
    })
}

fn weight(row: Option<&Row>, baseline: Option<&Row>) -> Vec<String> {
    let weight = row.map(|row| &row.weight);
    let before = baseline.map(|row| row.weight.elf);
    vec![
        bytes(weight.map(|weight| weight.elf)),
        weight
            .zip(before)
            .map_or(NONE.to_owned(), |(weight, before)| {
                change(weight.elf, before)
            }),
        bytes(weight.and_then(|weight| weight.upx)),
        bytes(weight.map(|weight| weight.flash)),
        weight.map_or(NONE.to_owned(), |weight| {
            format!("{:.0}", weight.build_seconds)
        }),
    ]
}

fn runtime(row: Option<&Row>) -> Vec<String> {
    let Some(run) = row.and_then(|row| row.runtime) else {
        return vec![NONE.to_owned(); 4];
    };
    vec![
        format!("{:.1}", run.start_ms),
        Bytes(run.anonymous_kib).to_string(),
        Bytes(run.resident_kib).to_string(),
        requests(run),
    ]
}

/// The median and the quartiles around it.
fn requests(run: Runtime) -> String {
    let Some(ratio) = run.requests_ratio else {
        return NONE.to_owned();
    };
    match run.requests_quartiles {
        Some((low, high)) => format!("{ratio:.2} ({low:.2}–{high:.2})"),
        None => format!("{ratio:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn the_table_of_the_article_has_all_its_rows() {
        let repo = Repo::find().unwrap();
        let page = Page::new(&repo).unwrap();
        let table = of_2018(&page).unwrap();
        // Two lines of head.
        assert_eq!(table.lines().count(), 23 + 2);
        for row in &page.article.rows {
            assert!(
                table.contains(&Bytes(row.bytes).to_string()),
                "{}",
                row.label
            );
        }
    }

    #[test]
    fn a_row_that_was_not_measured_has_as_many_cells_as_one_that_was() {
        let repo = Repo::find().unwrap();
        let page = Page::new(&repo).unwrap();
        let table = steps(&page, &page.steps.stacked()).unwrap();
        let cells = |line: &str| line.matches('|').count();
        let first = table.lines().next().map(cells);
        assert!(table.lines().all(|line| Some(cells(line)) == first));
    }
}
