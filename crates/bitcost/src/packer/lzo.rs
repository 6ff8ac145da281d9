//! LZO1X by a compressor of its own kind: lzo itself is GPL, so the size is near, not exact.

use super::{Recipe, Recipes, blocks, boxed, length, other_content};
use crate::ledger::Ledger;
use crate::lzo::{Header, unpack_lzop};
use crate::reader::Reader;
use crate::{Codec, Error};

struct Lzokay {
    /// The content of a block in bytes, where there may be several.
    block: Option<usize>,
    per_stream: u64,
    per_block: u64,
    per_stored_block: u64,
    can_store: bool,
}

impl Recipe for Lzokay {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        let mut size = self.per_stream;
        for block in blocks(raw, self.block) {
            let packed = lzokay::compress::compress(block)
                .map_err(|error| format!("{error:?}"))?
                .len();
            size += if self.can_store && packed >= block.len() {
                self.per_stored_block + block.len() as u64
            } else {
                self.per_block + packed as u64
            };
        }
        Ok(size)
    }
}

pub(super) fn recipes(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<(u64, Recipes), Error> {
    if codec == Codec::Lzo1xBlock {
        let recipe = Lzokay {
            block: None,
            per_stream: 0,
            per_block: 0,
            per_stored_block: 0,
            can_store: false,
        };
        return Ok((length(codec, packed, raw)?, boxed([recipe])));
    }
    let mut reader = Reader::new(codec, packed, raw.len());
    let mut content = Vec::new();
    let sizes = unpack_lzop(&mut reader, &mut content, &mut Ledger::new())?;
    if content != raw {
        return Err(other_content(codec));
    }
    let header = Header::read(&mut Reader::new(codec, packed, raw.len()))?;
    let recipe = Lzokay {
        block: Some(sizes.first().copied().unwrap_or(usize::MAX)),
        // The last size is zero.
        per_stream: header.length as u64 + 4,
        per_block: header.block_overhead(false) as u64,
        per_stored_block: header.block_overhead(true) as u64,
        can_store: true,
    };
    Ok((reader.at as u64, boxed([recipe])))
}
