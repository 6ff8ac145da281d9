//! FIT images, by the images that they hold; and device trees.
//!
//! Format: doc/usage/fit/source_file_format.rst in U-Boot.

use crate::images::fdt;
use crate::report::Kind;

use super::field::be32;
use super::{Content, Damage, Finding, Found, Part, named, stream};

const WHAT: &str = "FIT image or device tree";

/// A FIT image or a device tree at the start of `bytes`.
pub(super) fn find(bytes: &[u8], depth: usize) -> Finding {
    if !bytes.starts_with(b"\xd0\x0d\xfe\xed") {
        return None;
    }
    Some(read(bytes, depth))
}

/// A FIT image at the start of `bytes`, by more than its magic number. A device tree alone may be
/// part of a program.
pub(super) fn find_sure(bytes: &[u8], depth: usize) -> Finding {
    let field = |at| be32(bytes, at);
    let structure = field(8)? as usize;
    // Versions and the first node, the root.
    let sure = field(20)? == 17 && field(24)? <= 17 && field(structure)? == 1;
    if !sure || fdt::total(bytes)? > bytes.len() as u64 {
        return None;
    }
    match find(bytes, depth)? {
        Ok(found) if found.part.content == Content::Plain => None,
        other => Some(other),
    }
}

fn read(bytes: &[u8], depth: usize) -> Result<Found, Damage> {
    let total = fdt::total(bytes).unwrap_or(u64::MAX);
    if total > bytes.len() as u64 {
        return Err(Damage::short(WHAT, bytes.len(), total));
    }
    let nodes = fdt::nodes(bytes).map_err(|reason| Damage::tables(WHAT, reason))?;
    let end = fdt::end(bytes, &nodes);
    let length = usize::try_from(end).unwrap_or(usize::MAX);
    if length > bytes.len() {
        return Err(Damage::short(WHAT, bytes.len(), end));
    }
    let mut parts = Vec::new();
    for node in &nodes {
        let images = node.parent.map(|parent| &nodes[parent]);
        if images.is_none_or(|images| images.name != b"images" || images.parent != Some(0)) {
            continue;
        }
        let place = match node.external(bytes, total) {
            Some(place) => Some(place.start as usize..place.end as usize),
            None => node.place("data"),
        };
        let Some(place) = place.filter(|place| !place.is_empty()) else {
            continue;
        };
        let text = |name| {
            let value = node.place(name).map(|place| &bytes[place])?;
            Some(String::from_utf8_lossy(value.strip_suffix(b"\0")?).into_owned())
        };
        let codec = match text("compression").as_deref() {
            None | Some("none") => None,
            Some("lzma") => Some(bitcost::Codec::Lzma),
            Some(_) => stream::codec(&bytes[place.clone()]),
        };
        let name = String::from_utf8_lossy(node.name).into_owned();
        let kind = text("type");
        let part = named(
            name,
            bytes,
            place,
            text("description").or(kind),
            codec,
            depth,
        )?;
        parts.push(part);
    }
    parts.sort_by_key(|part| part.range.start);
    if let Some(pair) = parts.windows(2).find(|p| p[0].range.end > p[1].range.start) {
        let reason = format!("{} and {} overlap", pair[0].name, pair[1].name);
        return Err(Damage::tables(WHAT, reason));
    }
    let part = if parts.is_empty() {
        Part::plain("device tree", Kind::Data, length)
    } else {
        Part {
            content: Content::Parts(parts),
            ..Part::plain("FIT image", Kind::Part, length)
        }
    };
    Ok(Found::new(part, length))
}
