//! LZMA's encoder settings, and the .lzma format.

use liblzma::stream::{Action, LzmaOptions, Status, Stream};

use super::{Recipe, Recipes, boxed, length};
use crate::lzma::Properties;
use crate::lzma_alone::Header;
use crate::reader::Reader;
use crate::{Codec, Error};

const EXTREME: u32 = 1 << 31;
/// Presets that differ in more than the dictionary's size: 7 to 9 search like 6, 4e and 7e to 9e
/// like 6e, 5e like 3e. The likely ones come first: mksquashfs uses 6, kernels and packages 6, 9e.
pub(super) const PRESETS: [u32; 9] = [6, 9 | EXTREME, 5 | EXTREME, 5, 4, 3, 2, 1, 0];
/// The encoder writes an end marker, which a stream whose header states the size can do without.
const MARKER: u64 = 6;

/// The encoder takes ten times the dictionary in memory. Linux states 128 MiB for its kernels; a
/// larger one than that and than the content finds no more matches.
const LARGEST_DICTIONARY: usize = 128 << 20;

/// The options of a preset with what the stream states, for content of `size` bytes.
pub(super) fn options(
    preset: u32,
    dictionary_size: u32,
    properties: Properties,
    size: usize,
) -> Result<LzmaOptions, String> {
    let largest = u32::try_from(size.max(LARGEST_DICTIONARY)).unwrap_or(u32::MAX);
    let mut options = LzmaOptions::new_preset(preset).map_err(|error| error.to_string())?;
    options
        // What liblzma allows at least and at most.
        .dict_size(dictionary_size.clamp(4096, largest.min(3 << 29)))
        .literal_context_bits(properties.literal_context_bits)
        .literal_position_bits(properties.literal_position_bits)
        .position_bits(properties.position_bits);
    Ok(options)
}

/// Runs an encoder over the content; gives the size of what it writes.
pub(super) fn encode(encoder: &mut Stream, raw: &[u8]) -> Result<u64, String> {
    let mut scratch = vec![0; 1 << 16];
    loop {
        let from = encoder.total_in() as usize;
        let status = encoder
            .process(&raw[from..], &mut scratch, Action::Finish)
            .map_err(|error| error.to_string())?;
        match status {
            Status::StreamEnd => return Ok(encoder.total_out()),
            Status::Ok => {}
            other => return Err(format!("liblzma says {other:?}")),
        }
    }
}

struct Alone {
    preset: u32,
    dictionary_size: u32,
    properties: Properties,
    has_marker: bool,
}

impl Recipe for Alone {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        let options = options(
            self.preset,
            self.dictionary_size,
            self.properties,
            raw.len(),
        )?;
        let mut encoder = Stream::new_lzma_encoder(&options).map_err(|error| error.to_string())?;
        let size = encode(&mut encoder, raw)?;
        Ok(if self.has_marker { size } else { size - MARKER })
    }
}

pub(super) fn recipes(packed: &[u8], raw: &[u8]) -> Result<(u64, Recipes), Error> {
    let wanted = length(Codec::Lzma, packed, raw)?;
    let header = Header::read(&mut Reader::new(Codec::Lzma, packed, raw.len()))?;
    let recipes = PRESETS.map(|preset| Alone {
        preset,
        dictionary_size: header.dictionary_size,
        properties: header.properties,
        has_marker: header.size.is_none(),
    });
    Ok((wanted, boxed(recipes)))
}
