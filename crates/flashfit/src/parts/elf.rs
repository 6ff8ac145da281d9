//! ELF programs, of which only the length is read here.

use super::field::{be16, be32, be64, le16, le32, le64};
use super::{Finding, Found, Part};
use crate::report::Kind;

/// An ELF file at the start of `bytes`, up to the end of its sections and segments.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let length = length(bytes).and_then(|length| usize::try_from(length).ok());
    let part = Part::plain("ELF program", Kind::Part, bytes.len());
    Some(Ok(match length.filter(|length| *length <= bytes.len()) {
        Some(length) => Found::new(part, length),
        // As it is, whoever reads it says what is wrong.
        None => Found::open(part),
    }))
}

fn length(bytes: &[u8]) -> Option<u64> {
    let wide = *bytes.get(4)? == 2;
    let big = *bytes.get(5)? == 2;
    let half = |at| {
        if big {
            be16(bytes, at)
        } else {
            le16(bytes, at)
        }
        .map(u64::from)
    };
    let word = |at| {
        if big {
            be32(bytes, at)
        } else {
            le32(bytes, at)
        }
        .map(u64::from)
    };
    // An address or an offset, at its place in either class.
    let long = |narrow_at, wide_at| match (wide, big) {
        (false, _) => word(narrow_at),
        (true, false) => le64(bytes, wide_at),
        (true, true) => be64(bytes, wide_at),
    };
    let (programs, sections) = (long(28, 32)?, long(32, 40)?);
    let at = if wide { 54 } else { 42 };
    let (program_size, program_count) = (half(at)?, half(at + 2)?);
    let (section_size, section_count) = (half(at + 4)?, half(at + 6)?);
    let tables = [
        programs.checked_add(program_size * program_count)?,
        sections.checked_add(section_size * section_count)?,
    ];
    let mut end = tables[0].max(tables[1]);
    for index in 0..program_count {
        let header = usize::try_from(programs + index * program_size).ok()?;
        let (offset, size) = match wide {
            true => (long(0, header + 8)?, long(0, header + 32)?),
            false => (word(header + 4)?, word(header + 16)?),
        };
        end = end.max(offset.checked_add(size)?);
    }
    Some(end)
}
