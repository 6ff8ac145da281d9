//! Packing other content the way a given stream was packed.

mod deflate;
mod lz4;
mod lzma;
mod lzo;
mod xz;
mod zstd;

use std::ops::Range;

use crate::ledger::Ledger;
use crate::{Codec, Error};

/// One way of packing.
trait Recipe: Send + Sync {
    /// The size of the stream that it makes of the content, or why the compressor failed.
    fn size(&self, raw: &[u8]) -> Result<u64, String>;

    /// The same for content that the stream's filters have run over.
    fn size_of_filtered(&self, filtered: &[u8]) -> Result<u64, String> {
        self.size(filtered)
    }
}

type Recipes = Vec<Box<dyn Recipe>>;

/// In a stream of 64 KiB and more, a difference of one in this many is the compressor's version,
/// not its settings. For less, all recipes are tried in no time.
const SAME_SETTINGS: u64 = 400;
const LARGE: u64 = 1 << 16;
/// How many recipes, the likely ones, are tried in any case.
const LIKELY: usize = 2;

/// Packs content with the settings of a given stream, for the size that it would have there.
pub struct Packer {
    codec: Codec,
    recipe: Box<dyn Recipe>,
    /// The size of the given stream.
    wanted: u64,
    /// The size that the recipe gives for the content of that stream.
    found: u64,
    /// That content, behind the stream's filters.
    filtered: Vec<u8>,
}

impl Packer {
    /// Finds the settings by which `packed`, the stream of `raw`, was made: those that the stream
    /// states, and of the rest the ones that come nearest to its size.
    ///
    /// # Errors
    /// The stream is damaged, `raw` is not its content, or the compressor failed.
    pub fn like(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<Packer, Error> {
        let mut filtered = None;
        let (wanted, recipes) = match codec {
            Codec::Xz => xz::recipes(packed, raw, &mut filtered)?,
            Codec::Lzma => lzma::recipes(packed, raw)?,
            Codec::Gzip | Codec::Zlib | Codec::Deflate => deflate::recipes(codec, packed, raw)?,
            Codec::Zstd => zstd::recipes(packed, raw)?,
            Codec::Lz4Block | Codec::Lz4Legacy | Codec::Lz4Frame => {
                lz4::recipes(codec, packed, raw)?
            }
            Codec::Lzo1xBlock | Codec::Lzop => lzo::recipes(codec, packed, raw)?,
        };
        let mut best: Option<(Box<dyn Recipe>, u64)> = None;
        for (tried, recipe) in recipes.into_iter().enumerate() {
            let nearest = best
                .as_ref()
                .map_or(u64::MAX, |(_, found)| found.abs_diff(wanted));
            let is_near = wanted >= LARGE && nearest <= wanted / SAME_SETTINGS;
            if nearest == 0 || tried >= LIKELY && is_near {
                break;
            }
            let found = recipe
                .size(raw)
                .map_err(|what| Error::Packer { codec, what })?;
            if found.abs_diff(wanted) < nearest {
                best = Some((recipe, found));
            }
        }
        let (recipe, found) = best.ok_or_else(|| Error::Packer {
            codec,
            what: "no settings to try".to_owned(),
        })?;
        Ok(Packer {
            codec,
            recipe,
            wanted,
            found,
            filtered: filtered.unwrap_or_else(|| raw.to_vec()),
        })
    }

    /// The size in bytes that the stream would have with `raw` as its content. Where no settings
    /// give the very size of the stream, the result is scaled by what they are off for its content.
    ///
    /// # Errors
    /// The compressor failed.
    pub fn size(&self, raw: &[u8]) -> Result<u64, Error> {
        self.scaled(self.recipe.size(raw))
    }

    /// The size in bytes that the stream would have without these ranges of its content, which may
    /// come in any order and overlap. Scaled as [`Packer::size`] does it.
    ///
    /// With filters for machine code this is nearer to the truth than the size of content that was
    /// cut: when a linker leaves a function out, all calls still reach what they call. A cut breaks
    /// them, and with them the matches between calls before and behind it. So the ranges are
    /// removed behind the filter. A compressor's choices make a difference of some 400 bytes in a
    /// megabyte, in either direction: the result may exceed the stream's size.
    ///
    /// # Errors
    /// The compressor failed.
    pub fn size_without(&self, removed: &[Range<usize>]) -> Result<u64, Error> {
        let mut removed = removed.to_vec();
        removed.sort_by_key(|range| range.start);
        let mut kept = Vec::with_capacity(self.filtered.len());
        let mut at = 0;
        for range in removed {
            kept.extend_from_slice(self.filtered.get(at..range.start).unwrap_or(&[]));
            at = at.max(range.end);
        }
        kept.extend_from_slice(self.filtered.get(at..).unwrap_or(&[]));
        self.scaled(self.recipe.size_of_filtered(&kept))
    }

    fn scaled(&self, size: Result<u64, String>) -> Result<u64, Error> {
        let size = size.map_err(|what| Error::Packer {
            codec: self.codec,
            what,
        })?;
        if self.is_exact() || self.found == 0 {
            return Ok(size);
        }
        let scaled = u128::from(size) * u128::from(self.wanted) / u128::from(self.found);
        Ok(scaled as u64)
    }

    /// What the settings give for the content of the stream, less the stream's size, in bytes. It is
    /// the packer's own error, which [`Packer::size`] scales away.
    pub fn error(&self) -> i64 {
        self.found as i64 - self.wanted as i64
    }

    /// Whether the settings give the very size of the stream.
    pub fn is_exact(&self) -> bool {
        self.wanted == self.found
    }
}

/// The error of a stream whose content is not the one given.
fn other_content(codec: Codec) -> Error {
    Error::Damaged {
        codec,
        offset: 0,
        what: "the stream has other content than the caller says".to_owned(),
    }
}

/// The length of the stream whose content is `raw`.
fn length(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<u64, Error> {
    let (content, consumed) = crate::content(codec, packed, raw.len(), &mut Ledger::new())?;
    if content != raw {
        return Err(other_content(codec));
    }
    Ok(consumed as u64)
}

/// Content in blocks of a size, or in one, which may be empty.
fn blocks(raw: &[u8], size: Option<usize>) -> Vec<&[u8]> {
    match size {
        Some(size) => raw.chunks(size.max(1)).collect(),
        None => vec![raw],
    }
}

/// Recipes of one kind, the likely ones first.
fn boxed<R: Recipe + 'static>(recipes: impl IntoIterator<Item = R>) -> Recipes {
    recipes
        .into_iter()
        .map(|recipe| Box::new(recipe) as Box<dyn Recipe>)
        .collect()
}
