//! The tables of docs/ladder.md.

use anyhow::Result;
use board::units::{Bytes, Difference};
use flashfit::table::Table;

use super::data::PageData;
use super::spread::requests;
use crate::figures::{NONE, bytes, change, percent};
use crate::ladder::inputs::experiments::Verdict;
use crate::ladder::inputs::steps::SizeSteps;
use crate::ladder::record::{Record, Row, ladder_parts};
use crate::ladder::target::{ARTICLE_TARGET, STUDY_TARGETS};
use buildkit::checkout::DEFAULT_BOARD;
use direct::upx;

/// The article's rows beside ours.
pub fn of_2018(page: &PageData) -> Result<String> {
    let mut table = Table::new(&[
        "build",
        "modifications",
        ">2018",
        ">change",
        ">today",
        ">change",
        ">today / 2018",
    ]);
    for row in &page.inputs.article.rows {
        let now = page.elf(&row.build, &row.steps);
        let baseline = page.elf(&row.build, &[]);
        let today = now.zip(baseline);
        table.row(&[
            &row.build,
            &row.label,
            &Bytes(row.bytes),
            &change(row.bytes, page.inputs.article.baseline(&row.build)?),
            &bytes(now),
            &today.map_or(NONE.to_owned(), |(now, before)| change(now, before)),
            &now.map_or(NONE.to_owned(), |now| percent(now, row.bytes)),
        ]);
    }
    Ok(table.markdown())
}

/// Some rows in all columns, for both builds.
pub fn steps(page: &PageData, chosen: &[Vec<String>]) -> Result<String> {
    let mut table = Table::new(&[
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
    for build in page.inputs.steps.builds() {
        let baseline = page.row(build, &[]);
        for steps in std::iter::once(&Vec::new()).chain(chosen) {
            let row = page.row(build, steps);
            let mut cells = vec![build.to_owned(), title(&page.inputs.steps, steps)?];
            cells.extend(sizes(row, baseline));
            cells.extend(runtime(row));
            table.cells(cells);
        }
    }
    Ok(table.markdown())
}

/// Every board's rows: those of boards/, in the order of their names.
pub fn boards(page: &PageData) -> Result<String> {
    let (mut text, mut missing) = (String::new(), Vec::new());
    for name in page.repo.boards()? {
        let record: Record = Record::load(page.repo, &name)?;
        if record.rows.is_empty() {
            missing.push(format!("`{name}`"));
            continue;
        }
        let facts = page.repo.board(&name)?;
        let target = &facts.require(&facts.rust, "rust")?.target;
        let table = board(&page.inputs.steps, &record)?;
        text += &format!("**{name}**, `{target}`:\n\n{table}");
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

fn board(steps: &SizeSteps, record: &Record) -> Result<String> {
    let mut table = Table::new(&[
        "step",
        ">ELF",
        ">change",
        ">UPX",
        ">on flash",
        ">build, CPU s",
    ]);
    for row in &record.rows {
        let mut cells = vec![title(steps, &ladder_parts(&row.id).1)?];
        cells.extend(sizes(Some(row), record.row("release:")));
        table.cells(cells);
    }
    Ok(table.markdown())
}

/// The experiments, as differences to the best program.
pub fn experiments(page: &PageData) -> Result<String> {
    let record: Record = Record::load(page.repo, "experiments")?;
    let row = |target: &str, name: &str| record.row(&format!("{target}/{name}"));
    let packed = |name: &str| row(ARTICLE_TARGET, name).and_then(|row| row.sizes.upx);
    let mut table = Table::new(&[
        "change",
        &format!(">{DEFAULT_BOARD}: ELF"),
        ">on flash",
        ">x86_64: ELF",
        ">on flash",
        ">UPX",
        "",
    ]);
    let mut best = vec!["everything".to_owned()];
    for target in STUDY_TARGETS {
        let row = row(target, "everything");
        best.push(bytes(row.map(|row| row.sizes.elf)));
        best.push(bytes(row.map(|row| row.sizes.flash)));
    }
    best.push(bytes(packed("everything")));
    table.cells(best);
    let difference = |pair: Option<(u64, u64)>| {
        let difference = pair.map(|(now, best)| Difference::between(Bytes(best), Bytes(now)));
        difference.map_or(String::new(), |difference| format!("{difference:+}"))
    };
    for experiment in &page.inputs.experiments.experiment {
        let mut figures = Vec::new();
        for target in STUDY_TARGETS {
            let rows = row(target, &experiment.name).zip(row(target, "everything"));
            let sizes = rows.map(|(row, best)| (&row.sizes, &best.sizes));
            figures.push(difference(sizes.map(|(now, best)| (now.elf, best.elf))));
            figures.push(difference(sizes.map(|(now, best)| (now.flash, best.flash))));
        }
        figures.push(difference(
            packed(&experiment.name).zip(packed("everything")),
        ));
        let verdict = match experiment.verdict {
            Verdict::Fails => "does not compile",
            _ if figures.iter().all(String::is_empty) => "not measured yet",
            Verdict::Kept => "in the product",
            Verdict::Rejected => "rejected",
        };
        let mut cells = vec![experiment.title.clone()];
        cells.extend(figures);
        cells.push(format!("{verdict}: {}", experiment.reason));
        table.cells(cells);
    }
    Ok(table.markdown())
}

pub fn comparison(page: &PageData) -> Result<String> {
    let record: Record = Record::load(page.repo, "comparison")?;
    let mut table = Table::new(&[
        "server",
        ">version",
        ">files",
        ">on flash",
        ">start, ms",
        ">anonymous, KiB",
        ">resident, KiB",
        ">requests",
        ">by elapsed time",
    ]);
    for server in &page.inputs.servers.server {
        let row = record.row(&server.name);
        let mut cells = vec![
            server.title.clone(),
            row.and_then(|row| row.version.clone()).unwrap_or_default(),
            bytes(row.map(|row| row.sizes.elf)),
            bytes(row.map(|row| row.sizes.flash)),
        ];
        cells.extend(runtime(row));
        let clock = row.and_then(|row| row.runtime?.clock_ratio);
        cells.push(clock.map_or(NONE.to_owned(), |ratio| format!("{ratio:.2}")));
        table.cells(cells);
    }
    Ok(table.markdown())
}

fn title(steps: &SizeSteps, chosen: &[String]) -> Result<String> {
    Ok(match chosen {
        [] => "none".to_owned(),
        [only] => steps.step(only)?.title.clone(),
        [.., last] => format!("+ {}", steps.step(last)?.title),
    })
}

fn sizes(row: Option<&Row>, baseline: Option<&Row>) -> Vec<String> {
    let Some(row) = row else {
        return vec![NONE.to_owned(); 5];
    };
    let sizes = &row.sizes;
    let change = baseline.map(|baseline| change(sizes.elf, baseline.sizes.elf));
    vec![
        Bytes(sizes.elf).to_string(),
        change.unwrap_or_else(|| NONE.to_owned()),
        bytes(sizes.upx),
        Bytes(sizes.flash).to_string(),
        format!("{:.0}", sizes.build_seconds),
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
        requests(&run),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn the_table_of_the_article_has_all_its_rows() {
        let repo = Repo::find().unwrap();
        let page = PageData::new(&repo).unwrap();
        let table = of_2018(&page).unwrap();
        // Two lines of head.
        assert_eq!(table.lines().count(), 23 + 2);
        for row in &page.inputs.article.rows {
            assert!(
                table.contains(&Bytes(row.bytes).to_string()),
                "{}",
                row.label
            );
        }
    }
}
