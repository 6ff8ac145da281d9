//! Linux kernels that unpack themselves: ARM's zImage, x86's bzImage, EFI's vmlinuz.efi; and those
//! that do not: the Image of arm64 and RISC-V.
//!
//! Formats: arch/arm/boot/compressed/head.S and vmlinux.lds.S, Documentation/arch/x86/boot.rst,
//! Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst,
//! drivers/firmware/efi/libstub/zboot-header.S.

use bitcost::Codec;

use super::field::{be32, le16, le32};
use super::{Content, Damage, Finding, Found, Part, stream};
use crate::report::Kind;

/// A kernel at the start of `bytes`.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let at = |at: usize, magic: &[u8]| bytes.get(at..).is_some_and(|b| b.starts_with(magic));
    if at(0x24, b"\x18\x28\x6f\x01") {
        return Some(zimage(bytes, le32));
    }
    if at(0x24, b"\x01\x6f\x28\x18") {
        return Some(zimage(bytes, be32));
    }
    if at(0x202, b"HdrS") && at(0x1fe, b"\x55\xaa") {
        return Some(bzimage(bytes));
    }
    if at(0, b"MZ\0\0zimg") {
        return Some(zboot(bytes));
    }
    let name = match () {
        () if at(0x38, b"ARM\x64") => "arm64 kernel",
        () if at(0x38, b"RSC\x05") || at(0x30, b"RISCV\0\0\0") => "RISC-V kernel",
        () => return None,
    };
    // image_size counts what is zeroed at the start too: it is not the size of the file.
    Some(Ok(Found::open(Part::plain(name, Kind::Part, bytes.len()))))
}

/// A program that unpacks the stream at `place`, which is within it.
fn unpacker(name: &str, length: usize, codec: Codec, place: std::ops::Range<usize>) -> Found {
    let mut parts = Vec::new();
    if place.start > 0 {
        parts.push(Part::plain("decompressor", Kind::Part, place.start));
    }
    let end = place.end;
    parts.push(stream::packed("kernel", codec, place));
    if end < length {
        parts.push(Part {
            range: end..length,
            ..Part::plain("decompressor's data", Kind::Part, 0)
        });
    }
    let part = Part {
        content: Content::Parts(parts),
        ..Part::plain(name, Kind::Part, length)
    };
    Found::new(part, length)
}

fn zimage(bytes: &[u8], word: fn(&[u8], usize) -> Option<u32>) -> Result<Found, Damage> {
    const WHAT: &str = "zImage";
    let field = |at| word(bytes, at).unwrap_or_default() as usize;
    let (start, end) = (field(0x28), field(0x2c));
    let length = end.checked_sub(start).filter(|length| *length >= 0x40);
    let length = length.ok_or_else(|| Damage::tables(WHAT, "it ends before it starts"))?;
    if length > bytes.len() {
        return Err(Damage::short(WHAT, bytes.len(), length as u64));
    }
    let image = &bytes[..length];
    let Some((at, codec)) = stream::first(image) else {
        return Ok(Found::new(Part::plain(WHAT, Kind::Part, length), length));
    };
    // The table says where the last word of the stream is: its unpacked size, which gzip has itself.
    let table = (field(0x34) == 0x4545_4545).then(|| field(0x38));
    let table = table.filter(|table| word(image, table + 4) == Some(0x5a53_4c4b));
    let size_at = table.and_then(|table| word(image, table + 8));
    let last = size_at
        .map(|at| at as usize)
        .filter(|last| (at..length - 3).contains(last));
    let end = match last {
        Some(last) if codec == Codec::Gzip => last + 4,
        Some(last) => last,
        None => length,
    };
    Ok(unpacker(WHAT, length, codec, at..end))
}

fn bzimage(bytes: &[u8]) -> Result<Found, Damage> {
    const WHAT: &str = "bzImage";
    let sectors = match bytes[0x1f1] {
        0 => 4,
        other => usize::from(other),
    };
    let setup = (sectors + 1) * 512;
    let field = |at| le32(bytes, at).unwrap_or_default() as usize;
    let length = setup + field(0x1f4) * 16;
    if length > bytes.len() {
        return Err(Damage::short(WHAT, bytes.len(), length as u64));
    }
    // payload_offset and payload_length exist from version 2.08 on.
    let payload = (le16(bytes, 0x206) >= Some(0x208))
        .then(|| setup + field(0x248)..setup + field(0x248) + field(0x24c))
        .filter(|place| place.end <= length && place.len() > 4);
    let codec = payload
        .clone()
        .and_then(|place| stream::codec(&bytes[place]));
    let Some((mut place, codec)) = payload.zip(codec) else {
        return Ok(Found::new(Part::plain(WHAT, Kind::Part, length), length));
    };
    if codec != Codec::Gzip {
        // The unpacked size.
        place.end -= 4;
    }
    Ok(unpacker(WHAT, length, codec, place))
}

/// Where the stream is, and what it is, stand in the header.
fn zboot(bytes: &[u8]) -> Result<Found, Damage> {
    const WHAT: &str = "EFI zboot kernel";
    let field = |at| le32(bytes, at).unwrap_or_default() as usize;
    let place = field(8)..field(8) + field(12);
    let codec = bytes.get(place.clone()).map(stream::codec);
    match codec {
        None => Err(Damage::short(WHAT, bytes.len(), place.end as u64)),
        Some(None) => Ok(Found::open(Part::plain(WHAT, Kind::Part, bytes.len()))),
        Some(Some(codec)) => Ok(unpacker(WHAT, bytes.len(), codec, place)),
    }
}
