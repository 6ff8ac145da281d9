//! Headers of streams and blocks.

use crate::Error;
use crate::checksum::crc32;
use crate::reader::Reader;
use crate::xz::check::Check;
use crate::xz::filters::Filter;

pub(crate) const MAGIC: &[u8] = b"\xFD7zXZ\0";
const LZMA2: u64 = 0x21;
/// The dictionary size that stands for 4 GiB less one byte.
const LARGEST_DICTIONARY: u8 = 40;

/// The header of a stream.
pub(crate) fn stream(reader: &mut Reader<'_>) -> Result<Check, Error> {
    if !reader.rest().starts_with(MAGIC) {
        return Err(reader.damaged("no .xz stream starts here"));
    }
    reader.at += MAGIC.len();
    let start = reader.at;
    let flags = reader.bytes(2, "the header")?;
    if flags[0] != 0 || flags[1] > 15 {
        return Err(reader.unsupported(format!("streams with flags {flags:02x?}")));
    }
    check_crc(reader, start, "the header")?;
    Ok(Check::from_id(flags[1]))
}

/// The header of a block.
#[derive(Debug, Default)]
pub(crate) struct BlockHeader {
    /// The filters in front of LZMA2, in the order of packing.
    pub filters: Vec<Filter>,
    pub dictionary_size: u32,
    pub packed_size: Option<u64>,
    pub raw_size: Option<u64>,
}

impl BlockHeader {
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const WHAT: &str = "the header of a block";
        let start = reader.at;
        let size = (usize::from(reader.u8(WHAT)?) + 1) * 4;
        let flags = reader.u8(WHAT)?;
        if flags & 0x3C != 0 {
            return Err(reader.unsupported(format!("blocks with flags {flags:#04x}")));
        }
        let packed_size = (flags & 0x40 != 0).then(|| number(reader)).transpose()?;
        let raw_size = (flags & 0x80 != 0).then(|| number(reader)).transpose()?;
        let mut filters = Vec::new();
        for _ in 0..flags & 3 {
            let (id, properties) = filter(reader)?;
            filters.push(Filter::new(reader, id, properties)?);
        }
        let dictionary_size = match filter(reader)? {
            (LZMA2, &[bits]) => dictionary_size(bits)
                .ok_or_else(|| reader.damaged(format!("{bits:#04x} is no dictionary size")))?,
            (LZMA2, _) => return Err(reader.damaged("LZMA2 has one byte of properties")),
            (id, _) => {
                return Err(reader.unsupported(format!("a block whose last filter is {id:#x}")));
            }
        };
        let end = start + size - 4;
        let read = reader.at;
        let zeros = end
            .checked_sub(read)
            .ok_or_else(|| reader.damaged("the header of a block is longer than it states"))?;
        if reader.bytes(zeros, WHAT)?.iter().any(|&byte| byte != 0) {
            return Err(reader.unsupported("unknown fields in the header of a block"));
        }
        check_crc(reader, start, WHAT)?;
        Ok(BlockHeader {
            filters,
            dictionary_size,
            packed_size,
            raw_size,
        })
    }
}

/// A filter's id and properties.
fn filter<'a>(reader: &mut Reader<'a>) -> Result<(u64, &'a [u8]), Error> {
    let id = number(reader)?;
    let size = number(reader)?;
    // A block's header has less than 1 KiB.
    let size = usize::try_from(size)
        .ok()
        .filter(|&size| size < 1024)
        .ok_or_else(|| reader.damaged("a filter's properties are longer than a header"))?;
    Ok((id, reader.bytes(size, "the properties of a filter")?))
}

/// Two to the n, and one and a half times that, in turn.
fn dictionary_size(bits: u8) -> Option<u32> {
    match bits {
        0..LARGEST_DICTIONARY => Some((2 | u32::from(bits & 1)) << (bits / 2 + 11)),
        LARGEST_DICTIONARY => Some(u32::MAX),
        _ => None,
    }
}

/// A number in seven bits per byte, the lowest first, of at most nine bytes.
pub(crate) fn number(reader: &mut Reader<'_>) -> Result<u64, Error> {
    let mut value = 0;
    for place in 0..9 {
        let byte = reader.u8("a number")?;
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            if byte == 0 && place > 0 {
                return Err(reader.damaged("a number ends in zeros"));
            }
            return Ok(value);
        }
    }
    Err(reader.damaged("a number has more than nine bytes"))
}

/// The CRC-32 of what was read since `start`, which comes next.
pub(crate) fn check_crc(
    reader: &mut Reader<'_>,
    start: usize,
    what: &'static str,
) -> Result<(), Error> {
    let found = crc32(&reader.data[start..reader.at]);
    let stated = reader.u32_le(what)?;
    reader.check_equal(&format!("the CRC-32 of {what}"), stated, found)
}
