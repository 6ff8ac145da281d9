//! LZ4 by its fast and its high compressor.

use lz4::block::{CompressionMode, compress};

use super::{Recipe, Recipes, blocks, boxed, length};
use crate::lz4::{Descriptor, LEGACY_BLOCK};
use crate::reader::Reader;
use crate::{Codec, Error};

/// Levels of the high compressor, or the fast one. The likely ones come first: mksquashfs uses the
/// fast one or 12, kernels 9.
const LEVELS: [Option<i32>; 12] = [
    None,
    Some(12),
    Some(9),
    Some(3),
    Some(2),
    Some(4),
    Some(5),
    Some(6),
    Some(7),
    Some(8),
    Some(10),
    Some(11),
];

struct Level {
    level: Option<i32>,
    form: Form,
}

/// How blocks are framed, sizes in bytes.
#[derive(Clone, Copy)]
struct Form {
    /// The content of a block, where there may be several.
    block: Option<usize>,
    per_block: u64,
    per_stream: u64,
    /// Whether a block that does not shrink is stored.
    can_store: bool,
}

impl Recipe for Level {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        let form = &self.form;
        let mode = self.level.map(CompressionMode::HIGHCOMPRESSION);
        let mut size = form.per_stream;
        for block in blocks(raw, form.block) {
            let packed = if block.is_empty() {
                // A token. lz4's high compressor must not see the address of an empty slice: it
                // subtracts from it, and wraps around.
                1
            } else {
                compress(block, mode, false)
                    .map_err(|error| error.to_string())?
                    .len()
            };
            let is_stored = form.can_store && packed >= block.len();
            size += form.per_block + if is_stored { block.len() } else { packed } as u64;
        }
        Ok(size)
    }
}

pub(super) fn recipes(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<(u64, Recipes), Error> {
    let wanted = length(codec, packed, raw)?;
    let form = match codec {
        Codec::Lz4Legacy => Form {
            block: Some(LEGACY_BLOCK),
            per_block: 4,
            per_stream: 4,
            can_store: false,
        },
        Codec::Lz4Frame => {
            let descriptor = Descriptor::read(&mut Reader::new(codec, packed, raw.len()))?;
            // The end mark is a size of zero.
            let checksum = if descriptor.has_content_checksum {
                4
            } else {
                0
            };
            Form {
                block: Some(descriptor.block),
                per_block: 4 + if descriptor.has_block_checksums { 4 } else { 0 },
                per_stream: descriptor.length as u64 + 4 + checksum,
                can_store: true,
            }
        }
        _ => Form {
            block: None,
            per_block: 0,
            per_stream: 0,
            can_store: false,
        },
    };
    let recipes = LEVELS.map(|level| Level { level, form });
    Ok((wanted, boxed(recipes)))
}
