//! UBI and UBIFS, which are named and not taken apart.
//!
//! Formats: drivers/mtd/ubi/ubi-media.h and fs/ubifs/ubifs-media.h in Linux.

use super::{Finding, Found, Part, crc, field::be32, field::le32};
use crate::report::Kind;

/// Physical erase blocks are of these sizes.
const ERASE_BLOCKS: std::ops::RangeInclusive<u32> = 12..=22;

/// A UBI at the start of `bytes`, up to its last erase block with a header; or a UBIFS.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    if is_header(bytes) {
        let sizes = ERASE_BLOCKS.map(|bits| 1 << bits);
        let size = sizes
            .into_iter()
            .find(|size| bytes.get(*size..).is_some_and(is_header));
        // One block alone reaches as far as nothing else starts.
        let Some(size) = size else {
            return Some(Ok(Found::open(part("UBI image", bytes.len()))));
        };
        let blocks = bytes.chunks(size).take_while(|block| is_header(block));
        let length = blocks.map(<[u8]>::len).sum();
        return Some(Ok(Found::new(part("UBI image", length), length)));
    }
    // A superblock node, with its sum over all but the first 8 bytes.
    let length = le32(bytes, 16)? as usize;
    let node =
        bytes.starts_with(b"\x31\x18\x10\x06") && length == 4096 && bytes.get(20) == Some(&6);
    let sum = node && le32(bytes, 4) == bytes.get(8..length).map(crc::ubi);
    sum.then(|| Ok(Found::open(part("UBIFS image", bytes.len()))))
}

fn part(name: &str, length: usize) -> Part {
    Part {
        note: Some("not taken apart".to_owned()),
        ..Part::plain(name, Kind::Filesystem, length)
    }
}

/// Whether an erase block starts with its header, of which the sum is right.
fn is_header(block: &[u8]) -> bool {
    block.starts_with(b"UBI#") && be32(block, 60) == block.get(..60).map(crc::ubi)
}
