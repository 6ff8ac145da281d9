//! gzip, zlib and deflate by zlib's levels.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::{Recipe, Recipes, boxed, length};
use crate::deflate::gzip_member;
use crate::ledger::Ledger;
use crate::reader::Reader;
use crate::{Codec, Error};

/// The likely ones first: mksquashfs and most builds use 9, tools without an option 6.
const LEVELS: [u32; 9] = [9, 6, 8, 7, 5, 4, 3, 2, 1];
/// zlib's header and trailer.
const ZLIB: u64 = 2 + 4;
const LARGEST_WINDOW: u8 = 15;

struct Level {
    level: u32,
    /// The window in bits, as zlib's header has it.
    window: u8,
    /// Headers and trailers in bytes.
    overhead: u64,
}

impl Recipe for Level {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        let level = Compression::new(self.level);
        let mut encoder = Compress::new_with_window_bits(level, false, self.window);
        let mut scratch = vec![0; 1 << 16];
        loop {
            let from = encoder.total_in() as usize;
            let status = encoder
                .compress(&raw[from..], &mut scratch, FlushCompress::Finish)
                .map_err(|error| error.to_string())?;
            if status == Status::StreamEnd {
                return Ok(encoder.total_out() + self.overhead);
            }
        }
    }
}

pub(super) fn recipes(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<(u64, Recipes), Error> {
    let wanted = length(codec, packed, raw)?;
    let (overhead, window) = match codec {
        Codec::Gzip => {
            let mut reader = Reader::new(codec, packed, raw.len());
            let overhead = gzip_member(&mut reader, &mut Vec::new(), &mut Ledger::new())?;
            (overhead as u64, LARGEST_WINDOW)
        }
        // zlib itself makes 9 bits of 8.
        Codec::Zlib => (ZLIB, ((packed[0] >> 4) + 8).clamp(9, LARGEST_WINDOW)),
        _ => (0, LARGEST_WINDOW),
    };
    let recipes = LEVELS.map(|level| Level {
        level,
        window,
        overhead,
    });
    Ok((wanted, boxed(recipes)))
}
