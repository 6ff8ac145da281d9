//! Tables: Markdown for documents, columns of text for a terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const LOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const OVER: Style = AnsiColor::Red.on_default().bold();

/// A table of text. Words are aligned to the left, figures to the right.
///
/// ```
/// let mut table = flashfit::table::Table::new(&["file", ">bytes"]);
/// table.row(&[&"a|b", &12]);
/// assert_eq!(table.markdown(), "| file | bytes |\n|---|---:|\n| a\\|b | 12 |\n");
/// assert_eq!(table.text(), "file  bytes\na|b      12\n");
/// ```
pub struct Table {
    /// Whether each column holds figures.
    figures: Vec<bool>,
    /// The headings, then the rows.
    lines: Vec<Line>,
}

impl Table {
    /// A table without rows. A heading that begins with `>` marks a column of figures.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        let titles = headings.iter().map(|title| title.trim_start_matches('>'));
        Self {
            figures: headings.iter().map(|h| h.starts_with('>')).collect(),
            lines: vec![Line::new(Style::new(), titles.map(str::to_owned).collect())],
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: &[&dyn Display]) {
        self.cells(cells.iter().map(ToString::to_string).collect());
    }

    /// Adds a row of finished texts.
    pub fn cells(&mut self, mut cells: Vec<String>) {
        cells.resize(self.figures.len(), String::new());
        self.lines.push(Line::new(Style::new(), cells));
    }

    /// Adds a note to the last row, which only [`text`](Self::text) prints.
    pub fn note(&mut self, note: &str) {
        if let Some(line) = self.lines.last_mut() {
            note.clone_into(&mut line.note);
        }
    }

    /// The table as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let marks = self.figures.iter().map(|figures| match figures {
            true => "---:",
            false => "---",
        });
        let marks = format!("|{}|\n", marks.collect::<Vec<_>>().join("|"));
        let mut lines = self.lines.iter().map(|line| {
            let cells = line.cells.iter().map(|cell| match cell.as_str() {
                "" => " |".to_owned(),
                text => format!(" {} |", text.replace('|', "\\|").replace('\n', " ")),
            });
            format!("|{}\n", cells.collect::<String>())
        });
        lines.next().unwrap_or_default() + &marks + &lines.collect::<String>()
    }

    /// The table for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        aligned(&self.lines, |column| self.figures[column])
    }
}

/// A line of a terminal's table: aligned cells, and a note after them.
pub(crate) struct Line {
    style: Style,
    cells: Vec<String>,
    note: String,
}

impl Line {
    pub(crate) fn new(style: Style, cells: Vec<String>) -> Self {
        Self {
            style,
            cells,
            note: String::new(),
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// The lines with one width for each column, two spaces apart.
pub(crate) fn aligned(lines: &[Line], is_right: impl Fn(usize) -> bool) -> String {
    let mut widths = Vec::new();
    for line in lines {
        widths.resize(widths.len().max(line.cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(&line.cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for Line { style, cells, note } in lines {
        let mut text = String::new();
        for (column, &width) in widths.iter().enumerate() {
            let cell = cells.get(column).map_or("", String::as_str);
            let gap = if column > 0 { "  " } else { "" };
            text += &match is_right(column) {
                true => format!("{gap}{cell:>width$}"),
                false => format!("{gap}{cell:width$}"),
            };
        }
        out += &match note.as_str() {
            "" => format!("{style}{}{style:#}\n", text.trim_end()),
            note => format!("{style}{text}{style:#}  {FAINT}{note}{FAINT:#}\n"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_too_few_cells_is_filled_and_an_empty_cell_is_a_space() {
        let mut table = Table::new(&["a", ">b", "c"]);
        table.row(&[&"x"]);
        table.cells(vec![String::new(), "1".into(), "two\nlines".into()]);
        assert_eq!(
            table.markdown(),
            "| a | b | c |\n|---|---:|---|\n| x | | |\n| | 1 | two lines |\n"
        );
    }

    #[test]
    fn columns_stay_under_their_headings_and_a_note_follows_the_last() {
        let mut table = Table::new(&["board", ">bytes", "tests"]);
        table.row(&[&"malta", &"1,234,567", &"38 ok"]);
        table.row(&[&"x", &"-"]);
        table.note("FAILED");
        let text = anstream::adapter::strip_str(&table.text()).to_string();
        assert_eq!(
            text,
            "board      bytes  tests\nmalta  1,234,567  38 ok\nx              -         FAILED\n"
        );
    }
}
