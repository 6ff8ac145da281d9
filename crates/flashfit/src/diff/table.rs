//! A diff as a table for a terminal.

use anstyle::{AnsiColor, Style};

use super::Diff;
use super::view::{Entry, Section, View, headline, revisions, sections, subject};
use crate::table::{FAINT, HEADING, LOW, Line, aligned};

const LESS: Style = AnsiColor::Green.on_default();

/// The tables of all sections, with the terminal's colours in them; print them through `anstream`.
#[must_use]
pub fn table(diff: &Diff, view: &View) -> String {
    let mut out = format!(
        "{HEADING}{}{HEADING:#}: {}\n",
        subject(diff),
        headline(diff)
    );
    if let Some(revisions) = revisions(diff) {
        out += &format!("{FAINT}{revisions}{FAINT:#}\n");
    }
    let mut lines = Vec::new();
    for section in sections(diff, view) {
        lines.push(Line::new(Style::new(), Vec::new()));
        lines.push(heading(&section));
        lines.extend(section.rows.into_iter().map(line));
    }
    out + &aligned(&lines, |column| column > 0)
}

fn heading(section: &Section) -> Line {
    let mut cells = vec![section.title, "before", "after", "change"];
    if section.with_left {
        cells.push("left");
    }
    Line::new(HEADING, cells.into_iter().map(str::to_owned).collect())
}

fn line(entry: Entry) -> Line {
    let style = match entry.growth {
        _ if entry.is_rest => FAINT,
        1.. => LOW,
        0 => Style::new(),
        _ => LESS,
    };
    let cells = std::iter::once(entry.name).chain(entry.figures).collect();
    Line::new(style, cells).note(entry.note)
}
