//! Metadata blocks: the inodes, folders and fragments of a squashfs, compressed in pieces of 8 KiB.

use std::collections::HashMap;

use bitcost::Codec;

use crate::parts::Damage;
use crate::parts::field::le16;

/// The size of an unpacked metadata block.
const BLOCK: usize = 8192;

/// The unpacked size of a table: a million of inodes. A damaged image could have more.
const LIMIT: usize = 64 << 20;

/// A table, unpacked as far as it was asked for.
pub(super) struct Table<'a> {
    image: &'a [u8],
    codec: Codec,
    start: usize,
    next: usize,
    /// The offset in `raw` of the block at each offset in the table.
    blocks: HashMap<usize, usize>,
    raw: Vec<u8>,
}

impl<'a> Table<'a> {
    /// A table that starts at `start`.
    pub(super) fn new(image: &'a [u8], codec: Codec, start: usize) -> Table<'a> {
        Table {
            image,
            codec,
            start,
            next: start,
            blocks: HashMap::new(),
            raw: Vec::new(),
        }
    }

    /// Unpacks one more block.
    fn more(&mut self) -> Result<(), Damage> {
        let (raw, consumed) = unpack(self.image, self.codec, self.next)?;
        if self.raw.len() + raw.len() > LIMIT {
            return Err(super::damage("a table is larger than 64 MiB"));
        }
        self.blocks.insert(self.next - self.start, self.raw.len());
        self.raw.extend(raw);
        self.next += consumed;
        Ok(())
    }

    /// The offset in the unpacked table of a reference: a block, and an offset in it.
    pub(super) fn place(&mut self, block: usize, offset: usize) -> Result<usize, Damage> {
        while self.next - self.start <= block {
            self.more()?;
        }
        let start = self.blocks.get(&block);
        let start = start.ok_or_else(|| super::damage("a reference leads between two blocks"))?;
        Ok(start + offset)
    }

    /// The `N` bytes at an offset of the unpacked table.
    pub(super) fn read(&mut self, at: usize, length: usize) -> Result<&[u8], Damage> {
        let end = at + length;
        while self.raw.len() < end {
            self.more()?;
        }
        Ok(&self.raw[at..end])
    }
}

/// The metadata block at `at`, and the bytes that it takes.
pub(super) fn unpack(image: &[u8], codec: Codec, at: usize) -> Result<(Vec<u8>, usize), Damage> {
    let outside = || super::damage("a table lies outside the image");
    let header = le16(image, at).ok_or_else(outside)?;
    let size = usize::from(header & 0x7fff);
    let packed = image.get(at + 2..at + 2 + size).ok_or_else(outside)?;
    let raw = if header & 0x8000 != 0 {
        packed.to_vec()
    } else {
        bitcost::unpack(codec, packed, BLOCK)
            .map_err(|error| super::damage(format!("a table at {at:#x}: {error}")))?
            .raw
    };
    if raw.is_empty() || raw.len() > BLOCK {
        return Err(super::damage("a table has a block of a wrong size"));
    }
    Ok((raw, size + 2))
}
