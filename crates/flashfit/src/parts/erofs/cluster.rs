//! The index of a compressed file: for each cluster of the file, whether a compressed one starts in
//! it, at which offset, and in which block of the image.

use bitcost::Codec;

use super::{Image, damage};
use crate::parts::field::{le16, le32};
use crate::parts::files::Collector;
use crate::parts::{Block, Damage, Span};

/// h_advise
const TWO_BYTES: u16 = 1;
const LARGE: u16 = 2 | 4;
const INLINE: u16 = 8;
const INTERLACED: u16 = 16;
const FRAGMENT: u16 = 32;
const EXTENTS: u16 = 64;

/// In the index: the number is a count of compressed blocks.
const COUNT: u32 = 1 << 11;

/// An entry of the index.
enum Entry {
    /// A compressed cluster starts at this offset, and is in this block.
    Head { kind: u32, offset: u64, block: u32 },
    /// It goes on; its size in blocks, as the second entry may tell.
    Rest(Option<u32>),
}

/// What precedes the index.
struct Index<'a, 'b> {
    image: &'a Image<'b>,
    /// Where it starts.
    start: u64,
    /// The exponent of the size of a cluster.
    bits: u32,
    advise: u16,
    count: u64,
    compact: bool,
}

pub(super) fn spans(
    image: &Image<'_>,
    files: &mut Collector,
    size: u64,
    end: u64,
    compact: bool,
) -> Result<Vec<Span>, Damage> {
    let at = end.next_multiple_of(8);
    let header = image.at(at, 8)?;
    let advise = le16(header, 4).unwrap_or_default();
    // All of it is in the inode that holds fragments, or described in a newer way.
    if header[7] & 0x80 != 0 || advise & EXTENTS != 0 || size == 0 {
        return Ok(Vec::new());
    }
    let bits = image.bits + u32::from(header[7] & 7);
    let index = Index {
        image,
        start: at + if compact { 8 } else { 16 },
        bits,
        advise,
        count: size.div_ceil(1 << bits),
        compact,
    };
    let mut heads = Vec::new();
    for cluster in 0..index.count {
        match index.entry(cluster)? {
            Entry::Head {
                kind,
                offset,
                block,
            } => {
                heads.push((
                    kind,
                    (cluster << bits) + offset,
                    block,
                    1 << (bits - image.bits),
                ));
            }
            Entry::Rest(blocks) => {
                if let (Some(blocks), Some(head)) = (blocks, heads.last_mut()) {
                    head.3 = blocks;
                }
            }
        }
    }
    // The end of the file may be an entry too.
    heads.retain(|head| head.1 < size);
    let mut spans = Vec::new();
    for (number, (kind, from, block, blocks)) in heads.iter().copied().enumerate() {
        let last = number + 1 == heads.len();
        let until = heads.get(number + 1).map_or(size, |next| next.1);
        let length = until.checked_sub(from).filter(|length| *length <= 16 << 20);
        let length = length.ok_or_else(|| damage("a compressed cluster is too long"))? as usize;
        if length == 0 || last && advise & FRAGMENT != 0 {
            continue;
        }
        let (start, stored) = if last && advise & INLINE != 0 {
            let stored = u64::from(le16(header, 2).unwrap_or_default());
            (index.end(), stored)
        } else {
            (
                u64::from(block) << image.bits,
                u64::from(blocks) << image.bits,
            )
        };
        let bytes = image.at(start, stored)?;
        let algorithm = if kind == 3 {
            header[6] >> 4
        } else {
            header[6] & 15
        };
        let codec = match algorithm {
            0 if image.at_end => Some(Codec::Lz4Block),
            2 => Some(Codec::Deflate),
            3 => Some(Codec::Zstd),
            _ => None,
        };
        // Stored as they are from the start of the block on, or turned around within it.
        let plain = kind == 0;
        let codec = codec.filter(|_| !plain);
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let start = start as usize;
        let range = match codec {
            Some(_) => start + zeros..start + bytes.len(),
            None if plain && advise & INTERLACED == 0 => start..start + length.min(bytes.len()),
            None => start..start + bytes.len(),
        };
        let closed = codec.is_none() && (!plain || advise & INTERLACED != 0);
        let block = files.add(Block {
            range,
            codec,
            limit: length,
            closed,
        })?;
        spans.push(Span {
            at: from,
            block,
            offset: 0,
            length,
        });
    }
    Ok(spans)
}

impl Index<'_, '_> {
    /// How many entries of four bytes come first, so that what follows is aligned, and how many of
    /// two bytes then.
    fn sizes(&self) -> (u64, u64) {
        let first = (32 - self.start % 32) / 4 % 8;
        match self.advise & TWO_BYTES != 0 && first < self.count {
            true => (first, (self.count - first) / 16 * 16),
            false => (first, 0),
        }
    }

    /// The end of the index.
    fn end(&self) -> u64 {
        if !self.compact {
            return self.start + 8 * self.count;
        }
        let (first, twos) = self.sizes();
        // Entries of four bytes are in pairs.
        let fours = (self.count - twos.min(self.count)).max(first.min(self.count));
        self.start + 2 * twos + 4 * fours.next_multiple_of(2)
    }

    fn entry(&self, cluster: u64) -> Result<Entry, Damage> {
        if self.compact {
            return self.compact_entry(cluster);
        }
        let bytes = self.image.at(self.start + 8 * cluster, 8)?;
        let number = |at| le16(bytes, at).map(u32::from).unwrap_or_default();
        Ok(match number(0) & 3 {
            2 => Entry::Rest(count(number(4))),
            kind => Entry::Head {
                kind,
                offset: u64::from(number(2)),
                block: le32(bytes, 4).unwrap_or_default(),
            },
        })
    }

    /// Entries are in packs, with the block of the first head at the end of each.
    fn compact_entry(&self, cluster: u64) -> Result<Entry, Damage> {
        let (first, twos) = self.sizes();
        let (shift, at) = if cluster < first {
            (2, self.start + 4 * cluster)
        } else if cluster < first + twos {
            (1, self.start + 4 * first + 2 * (cluster - first))
        } else {
            (2, self.start + 4 * (cluster - twos) + 2 * twos)
        };
        let entries = match (shift, self.bits) {
            (2, ..=14) => 2,
            (1, ..=12) => 16,
            _ => return Err(damage("a compressed file has clusters that are too large")),
        };
        let size = entries << shift;
        let bytes = self.image.at(at - at % size, size)?;
        let low_bits = self.bits.max(12);
        let bits = (size - 4) * 8 / entries;
        let entry = |index: u64| {
            let bit = (index * bits) as usize;
            // The number of the block follows, so that there are four bytes.
            let value = le32(bytes, bit / 8).unwrap_or_default() >> (bit % 8);
            (value & ((1 << low_bits) - 1), value >> low_bits & 3)
        };
        let index = (at % size) >> shift;
        let (low, kind) = entry(index);
        if kind == 2 {
            return Ok(Entry::Rest(count(low)));
        }
        Ok(Entry::Head {
            kind,
            offset: u64::from(low),
            block: le32(bytes, size as usize - 4)
                .unwrap_or_default()
                .wrapping_add(self.blocks_before(index, entry)),
        })
    }

    /// The blocks of the compressed clusters that start in front of an entry of a pack, and one more
    /// if they all have one block.
    fn blocks_before(&self, index: u64, entry: impl Fn(u64) -> (u32, u32)) -> u32 {
        let large = self.advise & LARGE != 0;
        let mut blocks = u32::from(!large);
        let mut index = index as i64;
        while index > 0 {
            index -= 1;
            let (low, kind) = entry(index as u64);
            if kind != 2 {
                blocks += 1;
            } else if !large {
                index -= i64::from(low);
                blocks += u32::from(index >= 0);
            } else if low & COUNT != 0 {
                index -= 1;
                blocks += low & !COUNT;
            } else {
                index -= i64::from(low) - 2;
            }
        }
        blocks
    }
}

fn count(low: u32) -> Option<u32> {
    (low & COUNT != 0).then_some(low & !COUNT)
}
