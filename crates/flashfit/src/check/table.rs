//! A report as a table for people.

use std::cmp::Reverse;

use anstyle::{AnsiColor, Style};

use super::{Image, Report, SquashfsFacts, Use, Verdict};
use crate::squashfs::File;
use board::units::Bytes;

/// How many files of a squashfs are listed.
const LISTED: usize = 8;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const LOW: Style = AnsiColor::Yellow.on_default();
const OVER: Style = AnsiColor::Red.on_default().bold();

/// A line of the table: a name, numbers under their headings, and a note.
struct Line {
    style: Style,
    name: String,
    cells: Vec<String>,
    note: String,
}

impl Line {
    fn new(style: Style, name: impl Into<String>, cells: Vec<String>) -> Line {
        Line {
            style,
            name: name.into(),
            cells,
            note: String::new(),
        }
    }

    fn note(mut self, note: impl Into<String>) -> Line {
        self.note = note.into();
        self
    }

    fn empty() -> Line {
        Line::new(Style::new(), "", Vec::new())
    }
}

/// The table with the terminal's colours in it; print it through `anstream`, which
/// takes them out where they do not belong.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut lines = Vec::new();
    let headings = |first: &str| {
        let cells = ["used", "allowed", "headroom", "share"]
            .map(str::to_owned)
            .to_vec();
        Line::new(HEADING, first, cells)
    };
    lines.push(headings("partition"));
    for row in &report.partitions {
        lines.push(match &row.image {
            Some(image) => usage(&row.name, &row.usage, true).note(image.clone()),
            None => {
                let cells = vec!["-".to_owned(), row.size.to_string()];
                Line::new(FAINT, row.name.clone(), cells).note("erased")
            }
        });
    }
    for row in &report.slots {
        lines.push(usage(&format!("slot {}", row.name), &row.usage, true));
    }
    let chip = report.flash.chip.clone().unwrap_or_default();
    lines.push(usage("chip", &report.chip.usage, true).note(chip));
    if !report.components.is_empty() {
        lines.push(Line::empty());
        lines.push(headings("component"));
        for row in &report.components {
            let note = match &row.path {
                Some(path) => format!("{} in {}, {} raw", path, row.file, row.raw),
                None => row.file.clone(),
            };
            lines.push(usage(&row.name, &row.usage, row.exact).note(note));
        }
    }
    for image in &report.images {
        if let Some(squashfs) = &image.squashfs {
            lines.push(Line::empty());
            contents(image, squashfs, &mut lines);
        }
    }
    format!(
        "{HEADING}{}{HEADING:#}\n\n{}",
        report.board,
        laid_out(&lines)
    )
}

fn usage(name: &str, usage: &Use, exact: bool) -> Line {
    let style = match usage.verdict {
        Verdict::Fits => Style::new(),
        Verdict::Low => LOW,
        Verdict::Over => OVER,
    };
    let minus = if usage.headroom < 0 { "-" } else { "" };
    let cells = vec![
        number(usage.used, exact),
        usage.allowed.to_string(),
        format!("{minus}{}", Bytes(usage.headroom.unsigned_abs())),
        format!("{:.1} %", usage.share * 100.0),
    ];
    Line::new(style, name, cells)
}

/// `~` marks what was divided in proportion.
fn number(bytes: Bytes, exact: bool) -> String {
    format!("{}{bytes}", if exact { "" } else { "~" })
}

/// The largest files, and the rest, so that the last line is the sum of those above.
fn contents(image: &Image, squashfs: &SquashfsFacts, lines: &mut Vec<Line>) {
    let headings = vec!["on flash".to_owned(), "raw".to_owned()];
    let how = format!(
        "{}, blocks of {}",
        squashfs.compressor,
        squashfs.block_size.with_unit()
    );
    lines.push(Line::new(HEADING, image.file.clone(), headings).note(how));
    let mut files: Vec<&File> = squashfs.files.iter().collect();
    files.sort_by_key(|file| (Reverse(file.own()), &file.path));
    let listed = files
        .iter()
        .take(LISTED)
        .take_while(|file| file.own().get() > 0)
        .count();
    let rest = files.split_off(listed);
    for file in &files {
        let cells = vec![number(file.own(), file.exact), file.raw.to_string()];
        lines.push(Line::new(Style::new(), file.path.clone(), cells));
    }
    if !rest.is_empty() {
        let on_flash: Bytes = rest.iter().map(|file| file.own()).sum();
        let raw: Bytes = rest.iter().map(|file| file.raw).sum();
        let exact = rest.iter().all(|file| file.exact || file.own().get() == 0);
        let cells = vec![number(on_flash, exact), raw.to_string()];
        lines.push(Line::new(
            Style::new(),
            format!("{} more", rest.len()),
            cells,
        ));
    }
    for (name, bytes) in [
        ("metadata", squashfs.metadata),
        ("padding", squashfs.padding),
    ] {
        lines.push(Line::new(FAINT, name, vec![bytes.to_string()]));
    }
    lines.push(Line::new(
        Style::new(),
        "together",
        vec![image.bytes.to_string()],
    ));
}

/// Names to the left, numbers to the right, one width for each column of the table.
fn laid_out(lines: &[Line]) -> String {
    let width = |text: &String| text.chars().count();
    let name_width = lines
        .iter()
        .map(|line| width(&line.name))
        .max()
        .unwrap_or(0);
    let columns = lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let cell = |line: &Line, column: usize| line.cells.get(column).map_or(0, width);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            lines
                .iter()
                .map(|line| cell(line, column))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in lines {
        let mut text = format!("{:name_width$}", line.name);
        for (at, width) in widths.iter().enumerate() {
            let cell = line.cells.get(at).map_or("", String::as_str);
            text.push_str(&format!("  {cell:>width$}"));
        }
        let style = line.style;
        let line = match line.note.as_str() {
            "" => format!("{style}{}{style:#}", text.trim_end()),
            note => format!("{style}{text}{style:#}  {FAINT}{note}{FAINT:#}"),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}
