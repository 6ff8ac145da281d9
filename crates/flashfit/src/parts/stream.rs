//! Compressed streams, by their magic numbers.

use bitcost::Codec;

use super::field::{le16, le32, le64};
use super::{Content, Finding, Found, Part, crc};
use crate::report::Kind;

/// The format of the compressed stream at the start of `bytes`. The decompressor of a kernel holds
/// the magic numbers too, so that more than they must be right.
pub(super) fn codec(bytes: &[u8]) -> Option<Codec> {
    let codec = match *bytes.first()? {
        // Reserved flags are 0.
        0x1f if bytes.starts_with(b"\x1f\x8b\x08") && *bytes.get(3)? < 0x20 => Codec::Gzip,
        0xfd if is_xz(bytes) => Codec::Xz,
        0x5d if is_lzma(bytes) => Codec::Lzma,
        0x28 if zstd_end(bytes).is_some() => Codec::Zstd,
        0x02 if lz4_legacy_end(bytes).is_some() => Codec::Lz4Legacy,
        // The version, and a block size of 64 KiB to 4 MiB.
        0x04 if bytes.starts_with(b"\x04\x22\x4d\x18")
            && *bytes.get(4)? >> 6 == 1
            && matches!(*bytes.get(5)?, 0x40 | 0x50 | 0x60 | 0x70) =>
        {
            Codec::Lz4Frame
        }
        0x89 if bytes.starts_with(b"\x89LZO\0\r\n\x1a\n") => Codec::Lzop,
        _ => return None,
    };
    Some(codec)
}

/// The stream at the start of `bytes`, which ends where unpacking it ends.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let codec = codec(bytes)?;
    let part = packed("data", codec, 0..bytes.len());
    let length = match codec {
        Codec::Zstd => zstd_end(bytes),
        Codec::Lz4Legacy => lz4_legacy_end(bytes),
        _ => None,
    };
    Some(Ok(match length {
        Some(length) => Found::new(part, length),
        None => Found::open(part),
    }))
}

/// A compressed part.
pub(super) fn packed(what: &str, codec: Codec, range: std::ops::Range<usize>) -> Part {
    Part {
        name: format!("{codec}-compressed {what}"),
        kind: Kind::Packed,
        range,
        note: None,
        content: Content::Packed(codec),
    }
}

/// The first stream within `bytes`, for a program that unpacks what it carries.
pub(super) fn first(bytes: &[u8]) -> Option<(usize, Codec)> {
    (0..bytes.len()).find_map(|at| Some((at, codec(&bytes[at..])?)))
}

/// Magic number, flags, and their CRC (The .xz File Format, 2.1.1).
fn is_xz(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xfd7zXZ\0") && le32(bytes, 8) == bytes.get(6..8).map(crc::crc32)
}

/// lc=3, lp=0, pb=2; a dictionary of 2^n or 2^n + 2^(n-1) bytes; a size that a firmware can have
/// or none; and the first byte of the range coder, which is always 0.
fn is_lzma(bytes: &[u8]) -> bool {
    let (Some(dictionary), Some(size)) = (le32(bytes, 1), le64(bytes, 5)) else {
        return false;
    };
    let power = |n: u32| n.is_power_of_two() || (n.is_multiple_of(3) && (n / 3).is_power_of_two());
    bytes.first() == Some(&0x5d)
        && (1 << 12..=1 << 27).contains(&dictionary)
        && power(dictionary)
        && (size == u64::MAX || (1..1 << 30).contains(&size))
        && bytes.get(13) == Some(&0)
}

/// The end of a zstd frame, by the sizes of its blocks (RFC 8878, 3.1.1).
fn zstd_end(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"\x28\xb5\x2f\xfd") {
        return None;
    }
    let descriptor = *bytes.get(4)?;
    if descriptor & 0x18 != 0 {
        return None;
    }
    let single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = [usize::from(single), 2, 4, 8][usize::from(descriptor >> 6)];
    let mut at = 5 + usize::from(!single) + dictionary + size;
    loop {
        let header = u32::from(le16(bytes, at)?) | u32::from(*bytes.get(at + 2)?) << 16;
        at += 3;
        let size = (header >> 3) as usize;
        at += match header >> 1 & 3 {
            0 | 2 if size <= 128 << 10 => size,
            1 => 1,
            _ => return None,
        };
        if header & 1 != 0 {
            at += if descriptor & 4 != 0 { 4 } else { 0 };
            return (at <= bytes.len()).then_some(at);
        }
    }
}

/// The end of blocks of 8 MiB, each with its compressed size in front, as lib/decompress_unlz4.c in
/// Linux reads them.
fn lz4_legacy_end(bytes: &[u8]) -> Option<usize> {
    const MAGIC: u32 = 0x184c_2102;
    // LZ4_COMPRESSBOUND of a block.
    const LARGEST: usize = (8 << 20) + (8 << 20) / 255 + 16;
    if le32(bytes, 0)? != MAGIC {
        return None;
    }
    let mut at = 4;
    while let Some(size) = le32(bytes, at) {
        let size = size as usize;
        let end = at + 4 + size;
        // Behind the last block is what does not look like another: the unpacked size, or nothing.
        if size == 0 || size > LARGEST || end > bytes.len() {
            break;
        }
        at = end;
    }
    (at > 4).then_some(at)
}
