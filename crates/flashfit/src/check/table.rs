//! A report as a table for people.

use std::cmp::Reverse;

use anstyle::Style;

use super::{Image, Report, SquashfsFacts, Use, Verdict};
use crate::squashfs::File;
use crate::table::{FAINT, HEADING, LOW, Line, OVER, aligned};
use board::units::{Bytes, Difference};

/// How many files of a squashfs are listed.
const LISTED: usize = 8;

/// The table with the terminal's colours in it; print it through `anstream`, which
/// takes them out where they do not belong.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut lines = Vec::new();
    let headings = |first: &str| {
        let cells = [first, "used", "allowed", "headroom", "share"];
        Line::new(HEADING, cells.map(str::to_owned).to_vec())
    };
    lines.push(headings("partition"));
    for row in &report.partitions {
        lines.push(match &row.image {
            Some(image) => usage(&row.name, &row.usage, true).note(image.clone()),
            None => {
                let cells = vec![row.name.clone(), "-".to_owned(), row.size.to_string()];
                Line::new(FAINT, cells).note("erased")
            }
        });
    }
    for row in &report.slots {
        lines.push(usage(&format!("slot {}", row.name), &row.usage, true));
    }
    let chip = report.flash.chip.clone().unwrap_or_default();
    lines.push(usage("chip", &report.chip.usage, true).note(chip));
    if !report.components.is_empty() {
        lines.push(Line::new(Style::new(), Vec::new()));
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
            lines.push(Line::new(Style::new(), Vec::new()));
            contents(image, squashfs, &mut lines);
        }
    }
    format!(
        "{HEADING}{}{HEADING:#}\n\n{}",
        report.board,
        aligned(&lines, |column| column > 0)
    )
}

fn usage(name: &str, usage: &Use, exact: bool) -> Line {
    let style = match usage.verdict {
        Verdict::Fits => Style::new(),
        Verdict::Low => LOW,
        Verdict::Over => OVER,
    };
    let cells = vec![
        name.to_owned(),
        number(usage.used, exact),
        usage.allowed.to_string(),
        Difference(usage.headroom.into()).to_string(),
        format!("{:.1} %", usage.share * 100.0),
    ];
    Line::new(style, cells)
}

/// `~` marks what was divided in proportion.
fn number(bytes: Bytes, exact: bool) -> String {
    format!("{}{bytes}", if exact { "" } else { "~" })
}

/// The largest files, and the rest, so that the last line is the sum of those above.
fn contents(image: &Image, squashfs: &SquashfsFacts, lines: &mut Vec<Line>) {
    let headings = [&image.file, "on flash", "raw"].map(str::to_owned).to_vec();
    let how = format!(
        "{}, blocks of {}",
        squashfs.compressor,
        squashfs.block_size.with_unit()
    );
    lines.push(Line::new(HEADING, headings).note(how));
    let mut files: Vec<&File> = squashfs.files.iter().collect();
    files.sort_by_key(|file| (Reverse(file.own()), &file.path));
    let listed = files
        .iter()
        .take(LISTED)
        .take_while(|file| file.own().get() > 0)
        .count();
    let rest = files.split_off(listed);
    let mut add = |name: String, on_flash: Bytes, exact: bool, raw: Bytes| {
        let cells = vec![name, number(on_flash, exact), raw.to_string()];
        lines.push(Line::new(Style::new(), cells));
    };
    for file in &files {
        add(file.path.clone(), file.own(), file.exact, file.raw);
    }
    if !rest.is_empty() {
        let on_flash: Bytes = rest.iter().map(|file| file.own()).sum();
        let raw: Bytes = rest.iter().map(|file| file.raw).sum();
        let exact = rest.iter().all(|file| file.exact || file.own().get() == 0);
        add(format!("{} more", rest.len()), on_flash, exact, raw);
    }
    for (name, bytes) in [
        ("metadata", squashfs.metadata),
        ("padding", squashfs.padding),
    ] {
        lines.push(Line::new(FAINT, vec![name.to_owned(), bytes.to_string()]));
    }
    lines.push(Line::new(
        Style::new(),
        vec!["total".to_owned(), image.bytes.to_string()],
    ));
}
