//! Spans laid out in a file: the pieces.

use std::ops::Range;

use crate::elf::Program;
use crate::piece::{Owner, Piece, Span};
use crate::raw::Comparison;

/// The pieces of an ELF file.
pub fn of_elf(program: &Program, elf: &[u8], spans: &[Span]) -> Vec<Piece> {
    let mut parts = Vec::new();
    for (range, name) in &program.headers {
        parts.push(Part::plain(range.clone(), "", name));
    }
    for (number, section) in program.sections.iter().enumerate() {
        if section.in_file() {
            let range = section.offset..section.offset.saturating_add(section.size);
            parts.push(Part::of(
                range,
                number,
                section.address,
                &section.name,
                spans,
            ));
        }
    }
    let loaded = parts.iter().map(|part| part.range.end).max().unwrap_or(0);
    lay(parts, elf.len() as u64, |range| {
        match range.start >= loaded {
            true => behind(&elf[range.start as usize..]),
            false => "padding",
        }
    })
}

/// The pieces of a raw image.
pub fn of_raw(program: &Program, raw: &[u8], spans: &[Span], places: &Comparison) -> Vec<Piece> {
    let mut parts = Vec::new();
    for place in &places.sections {
        let section = &program.sections[place.number];
        let range = place.offset..place.offset.saturating_add(section.size);
        parts.push(Part::of(
            range,
            place.number,
            section.address,
            &section.name,
            spans,
        ));
    }
    let end = parts.iter().map(|part| part.range.end).max().unwrap_or(0);
    lay(parts, raw.len() as u64, |range| match range.start >= end {
        true => behind(&raw[range.start as usize..]),
        false => "padding",
    })
}

/// What stands behind the end of a program.
fn behind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xd0, 0x0d, 0xfe, 0xed, ..] => "device tree",
        bytes if bytes.iter().all(|byte| *byte == 0) => "padding",
        _ => "appended",
    }
}

/// A part of the file, with what it has inside.
struct Part<'a> {
    range: Range<u64>,
    section: &'a str,
    /// The address of its first byte, and the spans that cover it.
    inside: Option<(u64, &'a [Span])>,
    symbol: &'a str,
}

impl<'a> Part<'a> {
    fn plain(range: Range<u64>, section: &'a str, symbol: &'a str) -> Self {
        Part {
            range,
            section,
            inside: None,
            symbol,
        }
    }

    fn of(
        range: Range<u64>,
        number: usize,
        address: u64,
        name: &'a str,
        spans: &'a [Span],
    ) -> Self {
        let first = spans.partition_point(|span| span.section < number);
        let last = spans.partition_point(|span| span.section <= number);
        Part {
            range,
            section: name,
            inside: (first < last).then(|| (address, &spans[first..last])),
            symbol: "",
        }
    }
}

/// Lays the parts side by side from 0 to `length`. Where parts of a damaged file overlap, the
/// first counts.
fn lay(mut parts: Vec<Part>, length: u64, gap: impl Fn(Range<u64>) -> &'static str) -> Vec<Piece> {
    parts.sort_by_key(|part| (part.range.start, part.range.end));
    let mut pieces = Pieces(Vec::new());
    let mut at = 0;
    for part in &parts {
        let start = part.range.start.max(at);
        let end = part.range.end.min(length);
        if start >= end {
            continue;
        }
        if at < start {
            pieces.push(at..start, "", Owner::Data, gap(at..start));
        }
        at = start;
        if let Some((address, spans)) = part.inside {
            for span in spans {
                let offset = |of: u64| part.range.start.saturating_add(of.saturating_sub(address));
                let (from, to) = (offset(span.start).max(at), offset(span.end).min(end));
                if from < to {
                    pieces.push(from..to, part.section, span.owner.clone(), &span.symbol);
                    at = to;
                }
            }
        }
        if at < end {
            pieces.push(at..end, part.section, Owner::Data, part.symbol);
            at = end;
        }
    }
    if at < length {
        pieces.push(at..length, "", Owner::Data, gap(at..length));
    }
    pieces.0
}

struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, range: Range<u64>, section: &str, owner: Owner, symbol: &str) {
        self.0.push(Piece {
            offset: range.start,
            size: range.end - range.start,
            section: section.to_owned(),
            owner,
            symbol: symbol.to_owned(),
        });
    }
}
