//! lzop's framing: a header and blocks with their sizes and checksums.

use super::unpack_block;
use crate::Error;
use crate::checksum::{adler32, crc32};
use crate::ledger::Ledger;
use crate::reader::Reader;

const MAGIC: &[u8] = b"\x89LZO\0\r\n\x1A\n";
/// From this version on, the header has a level and more.
const WITH_LEVEL: u16 = 0x0940;
/// LZO1X-1, LZO1X-1(15), LZO1X-999: one format, three compressors.
const METHODS: std::ops::RangeInclusive<u8> = 1..=3;

const ADLER_OF_CONTENT: u32 = 1 << 0;
const ADLER_OF_PACKED: u32 = 1 << 1;
const EXTRA: u32 = 1 << 6;
const CRC_OF_CONTENT: u32 = 1 << 8;
const CRC_OF_PACKED: u32 = 1 << 9;
const MULTIPART: u32 = 1 << 10;
const FILTER: u32 = 1 << 11;
const HEADER_CRC: u32 = 1 << 12;

/// The header's fields.
pub(crate) struct Header {
    flags: u32,
    /// The header's length in bytes.
    pub length: usize,
}

impl Header {
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const WHAT: &str = "the header";
        let start = reader.at;
        if !reader.rest().starts_with(MAGIC) {
            return Err(reader.damaged("no lzop stream starts here"));
        }
        reader.at += MAGIC.len();
        let fields = reader.at;
        let version = reader.u16_be(WHAT)?;
        reader.u16_be(WHAT)?;
        let has_level = version >= WITH_LEVEL;
        if has_level {
            reader.u16_be(WHAT)?;
        }
        let method = reader.u8(WHAT)?;
        if !METHODS.contains(&method) {
            return Err(reader.unsupported(format!("streams of method {method}")));
        }
        if has_level {
            reader.u8(WHAT)?;
        }
        let flags = reader.u32_be(WHAT)?;
        if flags & (MULTIPART | FILTER) != 0 {
            return Err(reader.unsupported(format!("streams with flags {flags:#x}")));
        }
        // Mode and time.
        reader.bytes(if has_level { 12 } else { 8 }, WHAT)?;
        let name = reader.u8(WHAT)?;
        reader.bytes(name.into(), WHAT)?;
        let checksum = if flags & HEADER_CRC != 0 {
            crc32
        } else {
            adler32
        };
        let found = checksum(&reader.data[fields..reader.at]);
        let stated = reader.u32_be(WHAT)?;
        reader.check_equal("the checksum of the header", stated, found)?;
        if flags & EXTRA != 0 {
            let size = reader.u32_be(WHAT)?;
            reader.bytes(size as usize, WHAT)?;
            reader.u32_be(WHAT)?;
        }
        Ok(Header {
            flags,
            length: reader.at - start,
        })
    }

    /// The checksums of a block's content, or of the block as it is packed, in their order.
    fn checksums(&self, adler: u32, crc: u32) -> impl Iterator<Item = fn(&[u8]) -> u32> {
        let adler = (self.flags & adler != 0).then_some(adler32 as fn(&[u8]) -> u32);
        let crc = (self.flags & crc != 0).then_some(crc32 as fn(&[u8]) -> u32);
        adler.into_iter().chain(crc)
    }

    /// What a block has besides its data, in bytes: two sizes, and the checksums.
    pub fn block_overhead(&self, is_stored: bool) -> usize {
        let of_content = self.checksums(ADLER_OF_CONTENT, CRC_OF_CONTENT).count();
        let of_packed = self.checksums(ADLER_OF_PACKED, CRC_OF_PACKED).count();
        8 + 4 * (of_content + if is_stored { 0 } else { of_packed })
    }
}

/// Unpacks a stream. Gives the sizes of its blocks' contents.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<Vec<usize>, Error> {
    const WHAT: &str = "the header of a block";
    let header = Header::read(reader)?;
    let mut blocks = Vec::new();
    loop {
        let (mark, start, first) = (ledger.open(), reader.at, raw.len());
        let size = reader.u32_be(WHAT)? as usize;
        if size == 0 {
            return Ok(blocks);
        }
        let packed = reader.u32_be(WHAT)? as usize;
        reader.check_limit((first as u64).saturating_add(size as u64))?;
        if packed > size {
            return Err(reader.damaged("a block is larger than its content"));
        }
        let mut stated = [const { Vec::new() }; 2];
        for checksum in header.checksums(ADLER_OF_CONTENT, CRC_OF_CONTENT) {
            stated[0].push((checksum, reader.u32_be(WHAT)?));
        }
        if packed < size {
            for checksum in header.checksums(ADLER_OF_PACKED, CRC_OF_PACKED) {
                stated[1].push((checksum, reader.u32_be(WHAT)?));
            }
        }
        let data = reader.at;
        if packed == size {
            raw.extend_from_slice(reader.bytes(size, "a stored block")?);
            ledger.charge_bytes(size, size);
        } else {
            unpack_block(reader, raw, ledger)?;
        }
        let (found, read) = (raw.len() - first, reader.at - data);
        reader.check_equal("the size of a block's content", size, found)?;
        reader.check_equal("the size of a block", packed, read)?;
        for (stated, of) in stated
            .iter()
            .zip([&raw[first..], &reader.data[data..reader.at]])
        {
            for (checksum, stated) in stated {
                reader.check_equal("a checksum of a block", *stated, checksum(of))?;
            }
        }
        ledger.close(mark, (reader.at - start) as u64 * 8);
        blocks.push(size);
    }
}
