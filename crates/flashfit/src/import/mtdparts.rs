//! `mtdparts=`, as drivers/mtd/parsers/cmdlinepart.c in Linux reads it.

use super::lexer::{Fault, UNITS, fault, number};
use super::{Map, Number, Part};

/// Reads the argument, which may stand among others. `size` is the chip's.
pub(super) fn read(text: &str, chip: Option<&str>, size: Option<u64>) -> Result<Map, Fault> {
    let key = "mtdparts=";
    let start = match text.find(key) {
        Some(at) => at + key.len(),
        None => {
            return fault(
                0,
                "no `mtdparts=` found: give the argument as the kernel receives it",
            );
        }
    };
    let argument = &text[start..];
    let argument = &argument[..argument
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(argument.len())];
    let mut found: Option<(usize, &str, &str)> = None;
    let mut ids = Vec::new();
    let mut at = start;
    for one in argument.split(';') {
        // Without its partitions' names an id has the last colon.
        let head = one.find(['(', ',']).unwrap_or(one.len());
        let Some(colon) = one[..head].rfind(':').filter(|colon| *colon > 0) else {
            return fault(
                at,
                "expected the name of a chip and `:`, as in \
                 `mtdparts=spi0.0:512k(boot),-(system)`",
            );
        };
        let (id, parts) = (&one[..colon], &one[colon + 1..]);
        ids.push(id);
        if chip.is_none_or(|chip| chip == id) {
            if found.is_some() {
                let message = format!("a second chip, {id}: select one with --chip");
                return fault(at, message);
            }
            found = Some((at + colon + 1, id, parts));
        }
        at += one.len() + 1;
    }
    let Some((at, id, parts)) = found else {
        let message = format!(
            "no chip {}; the argument has {}",
            chip.unwrap_or_default(),
            ids.join(", ")
        );
        return fault(start, message);
    };
    Ok(Map {
        mtd_id: Some(id.to_owned()),
        parts: partitions(at, parts, size)?,
        ..Map::default()
    })
}

fn partitions(mut at: usize, text: &str, chip: Option<u64>) -> Result<Vec<Part>, Fault> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    loop {
        let (part, length) = partition(at, rest, &parts, chip)?;
        parts.push(part);
        at += length;
        rest = &rest[length..];
        if rest.is_empty() {
            return Ok(parts);
        }
        let Some(behind) = rest.strip_prefix(',') else {
            return fault(at, "expected `,` or the end after a partition");
        };
        at += 1;
        rest = behind;
    }
}

/// A partition behind those that were read, and the bytes of its text.
fn partition(
    at: usize,
    text: &str,
    before: &[Part],
    chip: Option<u64>,
) -> Result<(Part, usize), Fault> {
    let word = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(text.len())
    };
    let rest = text.starts_with('-');
    let mut length = if rest { 1 } else { word(text) };
    let size = (!rest).then(|| size(at, &text[..length])).transpose()?;
    let mut offset = match before.last() {
        Some(part) => Number {
            value: part.offset.value.saturating_add(part.size.value),
            hexadecimal: part.offset.hexadecimal || part.size.hexadecimal,
        },
        // As its neighbours are written.
        None => Number {
            value: 0,
            hexadecimal: size.is_some_and(|size| size.hexadecimal),
        },
    };
    if let Some(behind) = text[length..].strip_prefix('@') {
        let end = word(behind);
        offset = self::size(at + length + 1, &behind[..end])?;
        length += 1 + end;
    }
    let mut name = format!("Partition_{:03}", before.len());
    if let Some(behind) = text[length..].strip_prefix('(') {
        let Some(end) = behind.find(')') else {
            return fault(at + length, "a name has no closing `)`");
        };
        behind[..end].clone_into(&mut name);
        length += end + 2;
    }
    let mut read_only = false;
    // `lk` locks it and `slc` is for NAND; board.toml has neither.
    for flag in ["ro", "lk", "slc"] {
        if text[length..].starts_with(flag) {
            read_only |= flag == "ro";
            length += flag.len();
        }
    }
    let size = match (size, chip) {
        (Some(size), _) => size,
        (None, Some(chip)) => {
            let value = chip.checked_sub(offset.value).filter(|value| *value > 0);
            let Some(value) = value else {
                return fault(
                    at,
                    "`-` takes the rest of the chip, but nothing is left: correct --size",
                );
            };
            Number {
                value,
                hexadecimal: offset.hexadecimal,
            }
        }
        (None, None) => {
            return fault(
                at,
                "`-` takes the rest of the chip, but mtdparts does not give its size: add --size",
            );
        }
    };
    let part = Part {
        name,
        offset,
        size,
        read_only,
        image: None,
    };
    Ok((part, length))
}

fn size(at: usize, text: &str) -> Result<Number, Fault> {
    match number(text, &UNITS) {
        Some(number) => Ok(number),
        None => fault(
            at,
            format!(
                "`{text}` is not a size: write a number, as in 512k, 8M or 0x80000, or `-` for \
                 the rest"
            ),
        ),
    }
}
