//! uImage, U-Boot's first format: a header of 64 bytes, and one image or several.
//!
//! Format: include/image.h in U-Boot, "legacy image".

use bitcost::Codec;

use super::field::be32;
use super::{Content, Damage, Finding, Found, Part, crc, named};
use crate::report::Kind;

const WHAT: &str = "uImage";
const HEADER: usize = 64;

/// A uImage at the start of `bytes`. Its header has a CRC, so that nothing else is one by chance.
pub(super) fn find(bytes: &[u8], depth: usize) -> Finding {
    let header: &[u8; HEADER] = bytes.first_chunk()?;
    if !header.starts_with(b"\x27\x05\x19\x56") {
        return None;
    }
    let mut zeroed = *header;
    zeroed[4..8].fill(0);
    if be32(header, 4) != Some(crc::crc32(&zeroed)) {
        return None;
    }
    Some(read(bytes, header, depth))
}

fn read(bytes: &[u8], header: &[u8; HEADER], depth: usize) -> Result<Found, Damage> {
    let data = be32(header, 12).unwrap_or_default() as usize;
    let length = HEADER + data;
    if length > bytes.len() {
        return Err(Damage::short(WHAT, bytes.len(), length as u64));
    }
    let codec = match header[31] {
        1 => Some(Codec::Gzip),
        3 => Some(Codec::Lzma),
        4..=6 => super::stream::codec(&bytes[HEADER..length]),
        _ => None,
    };
    let what = match header[30] {
        1 => "program",
        2 => "kernel",
        3 => "initramfs",
        4 => "images",
        5 => "firmware",
        6 => "script",
        7 => "file system",
        8 => "device tree",
        _ => "data",
    };
    let places = match header[30] {
        4 | 6 => several(&bytes[..length])?,
        _ => std::iter::once(HEADER..length).collect(),
    };
    let one = places.len() == 1;
    let mut parts = Vec::new();
    for (index, place) in places.into_iter().enumerate() {
        let name = match one {
            true => what.to_owned(),
            false => format!("image {index}"),
        };
        if !place.is_empty() {
            parts.push(named(
                name,
                bytes,
                place,
                None,
                codec.filter(|_| one),
                depth,
            )?);
        }
    }
    let name = header[32..].split(|byte| *byte == 0).next();
    let name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    let part = Part {
        note: Some(name).filter(|name| !name.is_empty()),
        content: Content::Parts(parts),
        ..Part::plain(WHAT, Kind::Part, length)
    };
    Ok(Found::new(part, length))
}

/// The images of a multi-file one: sizes up to a zero, then each at a multiple of four.
fn several(bytes: &[u8]) -> Result<Vec<std::ops::Range<usize>>, Damage> {
    let short = || Damage::tables(WHAT, "its images are longer than all of them together");
    let mut sizes = Vec::new();
    let mut at = HEADER;
    loop {
        let size = be32(bytes, at).ok_or_else(short)?;
        at += 4;
        match size {
            0 => break,
            size => sizes.push(size as usize),
        }
    }
    let mut places = Vec::new();
    for size in sizes {
        bytes.get(at..at + size).ok_or_else(short)?;
        places.push(at..at + size);
        at = (at + size).next_multiple_of(4);
    }
    Ok(places)
}
