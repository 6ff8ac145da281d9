//! TRX, the container of Broadcom's boot loader and of OpenWrt images for it.
//!
//! Format: src/trx.c in OpenWrt's firmware-utils.

use super::field::{le16, le32};
use super::{Content, Damage, Finding, Found, Part, named};
use crate::report::Kind;

const WHAT: &str = "TRX image";

/// A TRX at the start of `bytes`.
pub(super) fn find(bytes: &[u8], depth: usize) -> Finding {
    let version = le16(bytes, 14)?;
    (bytes.starts_with(b"HDR0") && matches!(version, 1 | 2)).then(|| read(bytes, version, depth))
}

fn read(bytes: &[u8], version: u16, depth: usize) -> Result<Found, Damage> {
    let field = |at| le32(bytes, at).unwrap_or_default() as usize;
    let length = field(4);
    if length > bytes.len() {
        return Err(Damage::short(WHAT, bytes.len(), length as u64));
    }
    let offsets = if version == 1 { 3 } else { 4 };
    let header = 16 + 4 * offsets;
    let mut starts: Vec<usize> = (0..offsets).map(|index| field(16 + 4 * index)).collect();
    starts.retain(|start| *start != 0);
    let in_order = starts.is_sorted_by(|a, b| a < b);
    if !in_order || starts.iter().any(|start| !(header..length).contains(start)) {
        return Err(Damage::tables(
            WHAT,
            "its partitions lie outside of it or overlap",
        ));
    }
    let mut parts = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let end = *starts.get(index + 1).unwrap_or(&length);
        let name = format!("partition {}", index + 1);
        parts.push(named(name, bytes, *start..end, None, None, depth)?);
    }
    let part = Part {
        content: Content::Parts(parts),
        ..Part::plain(WHAT, Kind::Part, length)
    };
    Ok(Found::new(part, length))
}
