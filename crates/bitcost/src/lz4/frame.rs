//! Frames: blocks with their sizes and checksums.

use xxhash_rust::xxh32::xxh32;

use super::unpack_block;
use crate::Error;
use crate::ledger::Ledger;
use crate::reader::Reader;

const MAGIC: u32 = 0x184D_2204;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
const LEGACY_MAGIC: u32 = 0x184C_2102;
/// The content of a block in the older frame; only the last one has less.
pub(crate) const LEGACY_BLOCK: usize = 8 << 20;
/// What noise of [`LEGACY_BLOCK`] bytes takes at most. A larger size is what follows the stream.
const LEGACY_LARGEST: usize = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16;
/// A block's size with this bit says that the block is stored.
const STORED: u32 = 1 << 31;

const VERSION: u8 = 0xC0;
const VERSION_1: u8 = 0x40;
const INDEPENDENT: u8 = 1 << 5;
const BLOCK_CHECKSUM: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const RESERVED: u8 = 1 << 1;
const DICTIONARY: u8 = 1;

/// What a frame says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    /// The length of all that stands before the blocks, in bytes.
    pub length: usize,
    pub has_independent_blocks: bool,
    pub has_block_checksums: bool,
    pub has_content_checksum: bool,
    pub content_size: Option<u64>,
    /// The content of a block in bytes, at most.
    pub block: usize,
}

impl Descriptor {
    /// Reads the magic number and the descriptor.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const WHAT: &str = "the header";
        let magic = reader.at;
        if reader.u32_le(WHAT)? != MAGIC {
            reader.at = magic;
            return Err(reader.damaged("no LZ4 frame starts here"));
        }
        let start = reader.at;
        let flags = reader.u8(WHAT)?;
        if flags & VERSION != VERSION_1 || flags & RESERVED != 0 {
            return Err(reader.unsupported(format!("frames with flags {flags:#04x}")));
        }
        let sizes = reader.u8(WHAT)?;
        let block = match sizes {
            0x40 | 0x50 | 0x60 | 0x70 => 1usize << (8 + (sizes >> 4) * 2),
            _ => return Err(reader.unsupported(format!("blocks of size {sizes:#04x}"))),
        };
        let content_size = (flags & CONTENT_SIZE != 0)
            .then(|| reader.u64_le(WHAT))
            .transpose()?;
        if flags & DICTIONARY != 0 {
            return Err(reader.unsupported("frames that need a dictionary of their own"));
        }
        let found = (xxh32(&reader.data[start..reader.at], 0) >> 8) as u8;
        let stated = reader.u8(WHAT)?;
        reader.check_equal("the checksum of the header", stated, found)?;
        Ok(Descriptor {
            length: reader.at - magic,
            has_independent_blocks: flags & INDEPENDENT != 0,
            has_block_checksums: flags & BLOCK_CHECKSUM != 0,
            has_content_checksum: flags & CONTENT_CHECKSUM != 0,
            content_size,
            block,
        })
    }
}

/// The magic number that comes next, if there is one.
fn next_magic(reader: &Reader<'_>) -> Option<u32> {
    let bytes = reader.rest().first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// A frame, and those that follow it directly.
pub(crate) fn frames(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    frame(reader, raw, ledger)?;
    loop {
        match next_magic(reader) {
            Some(MAGIC) => frame(reader, raw, ledger)?,
            Some(magic) if SKIPPABLE.contains(&magic) => {
                reader.at += 4;
                let size = reader.u32_le("a skippable frame")?;
                reader.bytes(size as usize, "a skippable frame")?;
            }
            _ => return Ok(()),
        }
    }
}

fn frame(reader: &mut Reader<'_>, raw: &mut Vec<u8>, ledger: &mut Ledger) -> Result<(), Error> {
    let first = raw.len();
    let descriptor = Descriptor::read(reader)?;
    if let Some(size) = descriptor.content_size {
        reader.check_limit((first as u64).saturating_add(size))?;
    }
    loop {
        let mark = ledger.open();
        let start = reader.at;
        let field = reader.u32_le("the size of a block")?;
        if field == 0 {
            break;
        }
        let size = (field & !STORED) as usize;
        let data = reader.at;
        if field & STORED != 0 {
            if size > descriptor.block {
                return Err(reader.damaged("a stored block is larger than the frame allows"));
            }
            reader.check_limit((raw.len() + size) as u64)?;
            raw.extend_from_slice(reader.bytes(size, "a stored block")?);
            ledger.charge_bytes(size, size);
        } else {
            let from = if descriptor.has_independent_blocks {
                raw.len()
            } else {
                first
            };
            unpack_block(reader, size, raw, from, descriptor.block, ledger)?;
        }
        if descriptor.has_block_checksums {
            let found = xxh32(&reader.data[data..reader.at], 0);
            let stated = reader.u32_le("the checksum of a block")?;
            reader.check_equal("the checksum of a block", stated, found)?;
        }
        ledger.close(mark, (reader.at - start) as u64 * 8);
    }
    let content = &raw[first..];
    if descriptor.has_content_checksum {
        let stated = reader.u32_le("the checksum of the content")?;
        reader.check_equal("the checksum of the content", stated, xxh32(content, 0))?;
    }
    if let Some(stated) = descriptor.content_size {
        reader.check_equal("the size of the content", stated, content.len() as u64)?;
    }
    Ok(())
}

/// The older frame. It has no end: the first block that is not full is the last.
pub(crate) fn legacy(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    if next_magic(reader) != Some(LEGACY_MAGIC) {
        return Err(reader.damaged("no legacy LZ4 frame starts here"));
    }
    reader.at += 4;
    // Without a block, the frame has no content.
    while let Some(size) = next_magic(reader).filter(|&size| {
        // The kernel's build appends the size of the content, and a frame may follow.
        size != 0 && size as usize <= LEGACY_LARGEST && size as usize <= reader.rest().len() - 4
    }) {
        let (mark, start, first) = (ledger.open(), reader.at, raw.len());
        reader.at += 4;
        unpack_block(reader, size as usize, raw, first, LEGACY_BLOCK, ledger)?;
        ledger.close(mark, (reader.at - start) as u64 * 8);
        if raw.len() - first < LEGACY_BLOCK {
            break;
        }
    }
    Ok(())
}
