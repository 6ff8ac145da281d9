//! Zstandard by its levels.

use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

use super::{Recipe, Recipes, boxed, length};
use crate::reader::Reader;
use crate::zstd::Header;
use crate::{Codec, Error};

/// The likely ones first: mksquashfs uses 15, kernels 22 or 19, the tool itself 3.
const LEVELS: [i32; 22] = [
    15, 3, 19, 22, 9, 18, 20, 21, 17, 16, 14, 13, 12, 11, 10, 8, 7, 6, 5, 4, 2, 1,
];

struct Level {
    level: i32,
    header: Header,
}

impl Recipe for Level {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        self.encode(raw).map_err(|error| error.to_string())
    }
}

impl Level {
    fn encode(&self, raw: &[u8]) -> std::io::Result<u64> {
        let mut encoder = Encoder::new(self.level)?;
        encoder.set_parameter(CParameter::ChecksumFlag(self.header.has_checksum))?;
        if self.header.content_size.is_some() {
            encoder.set_pledged_src_size(Some(raw.len() as u64))?;
        }
        let mut scratch = vec![0; 1 << 17];
        let mut input = InBuffer::around(raw);
        let mut size = 0;
        while input.pos() < raw.len() {
            let mut output = OutBuffer::around(&mut scratch[..]);
            encoder.run(&mut input, &mut output)?;
            size += output.pos() as u64;
        }
        loop {
            let mut output = OutBuffer::around(&mut scratch[..]);
            let left = encoder.finish(&mut output, true)?;
            size += output.pos() as u64;
            if left == 0 {
                return Ok(size);
            }
        }
    }
}

pub(super) fn recipes(packed: &[u8], raw: &[u8]) -> Result<(u64, Recipes), Error> {
    let wanted = length(Codec::Zstd, packed, raw)?;
    let header = Header::read(&mut Reader::new(Codec::Zstd, packed, raw.len()))?;
    let recipes = LEVELS.map(|level| Level { level, header });
    Ok((wanted, boxed(recipes)))
}
