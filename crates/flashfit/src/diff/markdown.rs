//! A diff as Markdown for a pull request: a headline, and the tables folded below it.

use super::view::{Entry, Section, View, headline, revisions, sections, signed, subject};
use super::{Diff, Level};
use crate::table::Table;

/// How many changes the headline names.
const NAMED: usize = 3;

/// The Markdown, as GitHub and GitLab show it.
#[must_use]
pub fn markdown(diff: &Diff, view: &View) -> String {
    let mut out = format!("**{}: {}**\n", escaped(&subject(diff)), headline(diff));
    let largest = largest(diff);
    if !largest.is_empty() {
        out += &format!("\nLargest changes: {}.\n", largest.join(", "));
    }
    let sections = sections(diff, view);
    if sections.is_empty() {
        return out;
    }
    out += "\n<details><summary>Bytes on flash, before and after</summary>\n";
    if let Some(revisions) = revisions(diff) {
        out += &format!("\n{}\n", escaped(&revisions));
    }
    for section in sections {
        out += &format!("\n{}", table(section).markdown());
    }
    out + "\n</details>\n"
}

/// The largest changes at the finest level that names more than functions.
fn largest(diff: &Diff) -> Vec<String> {
    let rows = diff.at(Level::Crate).rows.into_iter();
    let rows = rows.filter(|row| row.change != 0).take(NAMED);
    rows.map(|row| format!("{} {}", code(&row.name), signed(row.change)))
        .collect()
}

fn table(section: Section) -> Table {
    let mut headings = vec![section.title, ">before", ">after", ">change"];
    if section.with_left {
        headings.push(">left");
    }
    headings.push("");
    let width = headings.len();
    let mut table = Table::new(&headings);
    for Entry {
        name,
        mut figures,
        note,
        is_rest,
        ..
    } in section.rows
    {
        figures.resize(width - 2, String::new());
        let name = match is_rest {
            true => format!("*{}*", escaped(&name)),
            false => code(&name),
        };
        let cells = std::iter::once(name).chain(figures);
        table.cells(cells.chain([escaped(&note)]).collect());
    }
    table
}

/// Names of functions are full of what Markdown and HTML take for markup.
fn code(name: &str) -> String {
    match name.contains('`') {
        true => escaped(name),
        false => format!("`{name}`"),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
