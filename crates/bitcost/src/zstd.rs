//! Zstandard, unpacked by its own library; the costs are even within a block.
//!
//! Source: RFC 8878, for the headers of frames and blocks.

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use crate::Error;
use crate::ledger::Ledger;
use crate::reader::Reader;

const MAGIC: u32 = 0xFD2F_B528;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
/// The content of a block in bytes, at most.
const BLOCK: usize = 128 << 10;
const RLE: u32 = 1;
const RESERVED: u32 = 3;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub content_size: Option<u64>,
    pub has_checksum: bool,
}

impl Header {
    /// Reads the magic number and the header.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const WHAT: &str = "the header";
        let magic = reader.at;
        if reader.u32_le(WHAT)? != MAGIC {
            reader.at = magic;
            return Err(reader.damaged("no zstd frame starts here"));
        }
        let descriptor = reader.u8(WHAT)?;
        let is_single_segment = descriptor & 0x20 != 0;
        if !is_single_segment {
            reader.u8(WHAT)?;
        }
        let dictionary = reader.bytes([0, 1, 2, 4][usize::from(descriptor & 3)], WHAT)?;
        if dictionary.iter().any(|&byte| byte != 0) {
            return Err(reader.unsupported("frames that need a dictionary of their own"));
        }
        let size = match descriptor >> 6 {
            0 if is_single_segment => Some(u64::from(reader.u8(WHAT)?)),
            0 => None,
            1 => Some(u64::from(reader.u16_le(WHAT)?) + 256),
            2 => Some(reader.u32_le(WHAT)?.into()),
            _ => Some(reader.u64_le(WHAT)?),
        };
        Ok(Header {
            content_size: size,
            has_checksum: descriptor & 4 != 0,
        })
    }
}

/// A frame, and those that follow it directly.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    frame(reader, raw, ledger)?;
    while let Some(bytes) = reader.rest().first_chunk() {
        match u32::from_le_bytes(*bytes) {
            MAGIC => frame(reader, raw, ledger)?,
            magic if SKIPPABLE.contains(&magic) => {
                reader.at += 4;
                let size = reader.u32_le("a skippable frame")?;
                reader.bytes(size as usize, "a skippable frame")?;
            }
            _ => break,
        }
    }
    Ok(())
}

fn frame(reader: &mut Reader<'_>, raw: &mut Vec<u8>, ledger: &mut Ledger) -> Result<(), Error> {
    let mut start = reader.at;
    let header = Header::read(reader)?;
    // The library sets up as much memory as the frame has content.
    let size = header.content_size.unwrap_or(0);
    reader.check_limit((raw.len() as u64).saturating_add(size))?;
    let mut decoder = Decoder::new().map_err(|error| reader.damaged(error.to_string()))?;
    loop {
        let first = raw.len();
        let data = reader.at;
        let [a, b, c] = *reader.bytes(3, "the header of a block")? else {
            unreachable!("three bytes were asked for");
        };
        let field = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, kind, size) = (field & 1 == 1, field >> 1 & 3, (field >> 3) as usize);
        if kind == RESERVED {
            return Err(reader.damaged("a block of unknown kind"));
        }
        reader.bytes(if kind == RLE { 1 } else { size }, "a block")?;
        if is_last && header.has_checksum {
            reader.bytes(4, "the checksum of the content")?;
        }
        let is_end = run(reader, &mut decoder, start, raw)?;
        ledger.charge_bytes(raw.len() - first, reader.at - data);
        if is_end != is_last {
            return Err(reader.damaged("the frame does not end with its last block"));
        }
        if is_last {
            return Ok(());
        }
        start = reader.at;
    }
}

/// Gives the decoder what was read since `start`; says whether the frame ended.
fn run(
    reader: &Reader<'_>,
    decoder: &mut Decoder<'_>,
    start: usize,
    raw: &mut Vec<u8>,
) -> Result<bool, Error> {
    let mut input = InBuffer::around(&reader.data[start..reader.at]);
    let mut scratch = vec![0; BLOCK];
    loop {
        let mut output = OutBuffer::around(&mut scratch[..]);
        let hint = decoder
            .run(&mut input, &mut output)
            .map_err(|error| reader.damaged(error.to_string()))?;
        let content = output.as_slice();
        reader.check_limit((raw.len() + content.len()) as u64)?;
        raw.extend_from_slice(content);
        // A full buffer may hide that there is more.
        if hint == 0 || input.pos() == input.src.len() && content.len() < BLOCK {
            return Ok(hint == 0);
        }
    }
}
