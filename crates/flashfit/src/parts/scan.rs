//! Images within a whole chip or file: at each block of 4 KiB, and right behind one another.

use super::{
    Content, Damage, Finding, Found, Part, cpio, elf, environment, erofs, fit, jffs2, kernel,
    squashfs, stream, trx, ubi, uimage,
};
use crate::report::Kind;

/// Images start at its multiples, whatever the erase block is.
const GRID: usize = 4096;

/// How much must have been erased to be worth a line.
const ERASED: usize = 4096;

/// How images within unknown bytes are looked for.
#[derive(Clone, Copy)]
pub(super) struct Search {
    /// Everything is looked for at its multiples, only what has a checksum or a long magic number
    /// elsewhere.
    pub(super) erase_block: usize,
    /// Whether erased ranges within unknown bytes are parts.
    pub(super) erased: bool,
    /// How many images hold the bytes.
    pub(super) depth: usize,
}

/// A format: what is at the start of the bytes, within so many images.
type Format = fn(&[u8], usize) -> Finding;

/// Formats that are not there by chance, by a sum or more than a magic number.
const SURE: [Format; 9] = [
    squashfs::find,
    erofs::find,
    uimage::find,
    environment::find,
    fit::find_sure,
    jffs2::find,
    ubi::find,
    cpio::find,
    trx::find,
];

/// Formats that a program may hold parts of.
const OTHERS: [Format; 4] = [fit::find, elf::find, kernel::find, stream::find];

/// What is at the start of `bytes` by its header.
fn any(bytes: &[u8], depth: usize) -> Finding {
    let others = || OTHERS.iter().find_map(|format| format(bytes, depth));
    sure(bytes, depth).or_else(others)
}

fn sure(bytes: &[u8], depth: usize) -> Finding {
    SURE.iter().find_map(|format| format(bytes, depth))
}

/// All parts of `bytes`, without a gap.
pub(super) fn all(bytes: &[u8], search: Search) -> Result<Vec<Part>, Damage> {
    let mut parts = Vec::new();
    let (mut at, mut known) = (0, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        // Right behind an image is where another one may be appended.
        let found = if at.is_multiple_of(search.erase_block) || (at == known && at > 0) {
            any(rest, search.depth)
        } else {
            sure(rest, search.depth)
        };
        let Some(found) = found else {
            at = (at + 1).next_multiple_of(GRID);
            continue;
        };
        let found = found.map_err(|damage| damage.within(at))?;
        let length = match found.length {
            Some(length) => length.max(1),
            None => open_end(bytes, at, search)?,
        };
        unknown(bytes, known..at, true, search, &mut parts)?;
        let mut part = found.part.at(at, length);
        at += length;
        at += pad(&mut part, &bytes[at..]);
        parts.push(part);
        known = at;
    }
    unknown(bytes, known..bytes.len(), false, search, &mut parts)?;
    number(&mut parts);
    Ok(parts)
}

/// The length of an image that does not tell it: up to the next image or erased range.
fn open_end(bytes: &[u8], start: usize, search: Search) -> Result<usize, Damage> {
    let mut at = (start + 1).next_multiple_of(GRID);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if search.erased && erased(rest) >= ERASED.min(rest.len()) {
            // Back to the first of these bytes.
            let data = &bytes[start..at];
            let tail = data.iter().rev().take_while(|byte| **byte == 0xff).count();
            return Ok((data.len() - tail).max(1));
        }
        if sure(rest, search.depth).is_some() {
            break;
        }
        at += GRID;
    }
    Ok(at.min(bytes.len()) - start)
}

/// Gives a file system the zeros up to the next block, and says how many they are.
fn pad(part: &mut Part, behind: &[u8]) -> usize {
    let Content::Files(files) = &mut part.content else {
        return 0;
    };
    let wanted = part.range.end.next_multiple_of(GRID) - part.range.end;
    let zeros = behind.iter().take_while(|byte| **byte == 0);
    let length = zeros.take(wanted).count();
    if length < wanted.min(behind.len()) {
        return 0;
    }
    files.padding += length as u64;
    part.range.end += length;
    length
}

fn erased(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0xff).count()
}

/// The parts of a range in which no image starts at a block: a squashfs at any other offset, erased
/// ranges, padding in front of the `next` image.
fn unknown(
    bytes: &[u8],
    range: std::ops::Range<usize>,
    next: bool,
    search: Search,
    parts: &mut Vec<Part>,
) -> Result<(), Damage> {
    let mut from = range.start;
    let mut at = from;
    while let Some(start) = (at..range.end).find(|at| bytes[*at..].starts_with(b"hsqs")) {
        at = start + 4;
        // By chance, or cut by what comes behind it.
        let Some(Ok(found)) = squashfs::find(&bytes[start..range.end], search.depth) else {
            continue;
        };
        let length = found.length.unwrap_or(range.end - start);
        plain(bytes, from..start, true, search, parts);
        let mut part = found.part.at(start, length);
        from = start + length;
        from += pad(&mut part, &bytes[from..range.end]);
        parts.push(part);
        at = from;
    }
    plain(bytes, from..range.end, next, search, parts);
    Ok(())
}

fn plain(
    bytes: &[u8],
    range: std::ops::Range<usize>,
    next: bool,
    search: Search,
    parts: &mut Vec<Part>,
) {
    let mut push = |range: std::ops::Range<usize>, name, kind, content| {
        if !range.is_empty() {
            let part = Part {
                content,
                ..Part::plain(name, kind, 0)
            };
            parts.push(Part { range, ..part });
        }
    };
    let mut from = range.start;
    let mut at = from;
    while search.erased && at < range.end {
        let run = erased(&bytes[at..range.end]);
        if run >= ERASED || (run > 0 && at == range.start && at + run == range.end) {
            push(from..at, "unknown data", Kind::Data, Content::Plain);
            push(at..at + run, "erased", Kind::Free, Content::Erased);
            from = at + run;
        }
        at += run.max(1);
    }
    // What fills the bytes up to the next image, or all of those behind the last one.
    let mut data = range.end;
    if from < range.end {
        let fill = bytes[range.end - 1];
        let filled = bytes[from..range.end].iter().rev();
        let run = filled.take_while(|byte| **byte == fill).count();
        let all = from > 0 && from + run == range.end;
        if matches!(fill, 0 | 0xff) && (all || next && run >= 16) {
            data = range.end - run;
        }
    }
    push(from..data, "unknown data", Kind::Data, Content::Plain);
    if data < range.end {
        let content = match bytes[data] {
            0xff => Content::Erased,
            _ => Content::Plain,
        };
        push(data..range.end, "padding", Kind::Padding, content);
    }
}

/// Gives each of several parts with the same name a number: `squashfs`, `squashfs 2`.
fn number(parts: &mut [Part]) {
    let mut counts = std::collections::HashMap::new();
    for part in parts {
        let count = counts.entry(part.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            part.name = format!("{} {count}", part.name);
        }
    }
}

impl Found {
    /// An image of this length.
    pub(super) fn new(part: Part, length: usize) -> Found {
        Found {
            part,
            length: Some(length),
        }
    }

    /// An image that does not tell its length.
    pub(super) fn open(part: Part) -> Found {
        Found { part, length: None }
    }
}

impl Part {
    /// The same at another place.
    fn at(self, start: usize, length: usize) -> Part {
        Part {
            range: start..start + length,
            ..self
        }
    }
}
