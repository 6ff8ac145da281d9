//! gzip and zlib: headers and checksums around deflate.

use super::unpack;
use crate::Error;
use crate::checksum::{adler32, crc32};
use crate::ledger::Ledger;
use crate::reader::Reader;

const GZIP_MAGIC: &[u8] = &[0x1F, 0x8B, DEFLATE];
const DEFLATE: u8 = 8;
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xE0;

/// A gzip member, and those that follow it directly.
pub(crate) fn gzip(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    gzip_member(reader, raw, ledger)?;
    while reader.rest().starts_with(GZIP_MAGIC) {
        gzip_member(reader, raw, ledger)?;
    }
    Ok(())
}

/// One member. Gives the length of its header and trailer.
pub(crate) fn gzip_member(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<usize, Error> {
    const WHAT: &str = "the header";
    if !reader.rest().starts_with(GZIP_MAGIC) {
        return Err(reader.damaged("no gzip member starts here"));
    }
    let start = reader.at;
    reader.at += GZIP_MAGIC.len();
    let flags = reader.u8(WHAT)?;
    if flags & RESERVED != 0 {
        return Err(reader.unsupported(format!("members with flags {flags:#04x}")));
    }
    // Time, level and system.
    reader.bytes(6, WHAT)?;
    if flags & EXTRA != 0 {
        let size = reader.u16_le(WHAT)?;
        reader.bytes(size.into(), WHAT)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            while reader.u8(WHAT)? != 0 {}
        }
    }
    if flags & HEADER_CRC != 0 {
        let found = crc32(&reader.data[start..reader.at]) as u16;
        let stated = reader.u16_le(WHAT)?;
        reader.check_equal("the CRC-16 of the header", stated, found)?;
    }
    let header = reader.at - start;

    let first = raw.len();
    unpack(reader, raw, ledger)?;
    let content = &raw[first..];
    let trailer = reader.at;
    let stated = reader.u32_le("the trailer")?;
    reader.check_equal("the CRC-32 of the content", stated, crc32(content))?;
    let stated = reader.u32_le("the trailer")?;
    reader.check_equal("the size of the content", stated, content.len() as u32)?;
    Ok(header + reader.at - trailer)
}

/// A zlib stream.
pub(crate) fn zlib(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let header = reader.u16_be("the header")?;
    let method = header >> 8;
    if method & 0x0F != u16::from(DEFLATE) || method >> 4 > 7 || header % 31 != 0 {
        return Err(reader.damaged(format!("{header:#06x} begins no zlib stream")));
    }
    if header & 0x20 != 0 {
        return Err(reader.unsupported("streams that need a dictionary of their own"));
    }
    let first = raw.len();
    unpack(reader, raw, ledger)?;
    let stated = reader.u32_be("the trailer")?;
    reader.check_equal(
        "the Adler-32 of the content",
        stated,
        adler32(&raw[first..]),
    )
}
