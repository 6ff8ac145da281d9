//! The budget table as a picture: docs/images/budget.svg, drawn from the committed measurement.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use board::Board;
use board::units::Bytes;

use crate::records::measurement::Measurement;

const WIDTH: u64 = 720;
const ROW: u64 = 28;
const TOP: u64 = 62;
/// Where the bars begin and how long a full one is.
const BAR: (u64, u64) = (150, 270);

/// A line of the table.
struct Row<'a> {
    name: &'a str,
    used: Bytes,
    allowed: Bytes,
}

/// Draws what each partition with an image, each slot and each component takes of its budget.
///
/// # Errors
/// The measurement is older than board.toml and lacks a part of it.
pub fn budget(board: &Board, measured: &Measurement) -> Result<String> {
    let rows = rows(board, measured)?;
    let height = TOP + ROW * rows.len() as u64 + 16;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Budgets of {name}\">\n<style>\n\
         text {{ font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #1f1d1a }}\n\
         .dim {{ fill: #6b645b }} .end {{ text-anchor: end }}\n\
         .paper {{ fill: #faf8f5 }} .room {{ fill: #e6e0d6 }} .used {{ fill: #b23f0e }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #efe9e0 }} .dim {{ fill: #a39b90 }}\n\
         .paper {{ fill: #1b1916 }} .room {{ fill: #38342e }} .used {{ fill: #f08a55 }}\n\
         }}\n</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"10\"/>\n\
         <text x=\"20\" y=\"30\">flashfit check {name}</text>\n",
        name = board.name
    );
    for (x, title) in [(520, "used"), (615, "allowed"), (700, "left")] {
        let _ = writeln!(
            svg,
            "<text class=\"dim end\" x=\"{x}\" y=\"{}\">{title}</text>",
            TOP - 8
        );
    }
    for (row, y) in rows.iter().zip((TOP..).step_by(28)) {
        let left = Bytes(row.allowed.get().saturating_sub(row.used.get()));
        let length = (BAR.1 * row.used.get())
            .checked_div(row.allowed.get())
            .unwrap_or_default()
            .min(BAR.1);
        let _ = writeln!(
            svg,
            "<text x=\"20\" y=\"{text}\">{name}</text>\
             <rect class=\"room\" x=\"{x}\" y=\"{bar}\" width=\"{full}\" height=\"12\" rx=\"3\"/>\
             <rect class=\"used\" x=\"{x}\" y=\"{bar}\" width=\"{length}\" height=\"12\" rx=\"3\"/>\
             <text class=\"end\" x=\"520\" y=\"{text}\">{used}</text>\
             <text class=\"dim end\" x=\"615\" y=\"{text}\">{allowed}</text>\
             <text class=\"end\" x=\"700\" y=\"{text}\">{left}</text>",
            text = y + 17,
            bar = y + 6,
            x = BAR.0,
            full = BAR.1,
            name = row.name,
            used = row.used,
            allowed = row.allowed,
        );
    }
    Ok(svg + "</svg>\n")
}

fn rows<'a>(board: &'a Board, measured: &Measurement) -> Result<Vec<Row<'a>>> {
    let missing = |name: &str| format!("the measurement of {} has no {name}", board.name);
    let mut rows = Vec::new();
    for partition in board.partitions.iter().filter(|p| p.image.is_some()) {
        let used = measured.partitions.get(&partition.name);
        rows.push(Row {
            name: &partition.name,
            used: *used.with_context(|| missing(&partition.name))?,
            allowed: partition.allowed(),
        });
    }
    for component in &board.components {
        let used = measured.components.get(&component.name);
        rows.push(Row {
            name: &component.name,
            used: *used.with_context(|| missing(&component.name))?,
            allowed: component.budget.bytes,
        });
    }
    rows.push(Row {
        name: "chip",
        used: measured.chip,
        allowed: board.flash.size,
    });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::measurement::tests::example;
    use buildkit::checkout::{DEFAULT_BOARD, Repo};

    #[test]
    fn each_part_has_its_row_and_no_bar_is_longer_than_its_room() {
        let board = Repo::find().unwrap().board(DEFAULT_BOARD).unwrap();
        let mut measured = example();
        let svg = budget(&board, &measured).unwrap();
        for component in &board.components {
            assert!(
                svg.contains(&format!(">{}</text>", component.name)),
                "{svg}"
            );
        }
        measured.chip = Bytes(board.flash.size.get() * 2);
        let over = budget(&board, &measured).unwrap();
        assert!(
            over.contains(&format!(
                "width=\"{}\" height=\"12\" rx=\"3\"/><text",
                BAR.1
            )),
            "{over}"
        );
    }
}
