//! Packing other content the way a given stream was packed.

mod lzma;
mod xz;

use crate::{Codec, Error};

/// One way of packing.
trait Recipe: Send + Sync {
    /// The size of the stream that it makes of the content, or why the compressor failed.
    fn size(&self, raw: &[u8]) -> Result<u64, String>;
}

/// In a stream of 64 KiB and more, a difference of one in this many is the compressor's version,
/// not its settings. For less, all recipes are tried in no time.
const SAME_SETTINGS: u64 = 1000;
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
}

impl Packer {
    /// Finds the settings by which `packed`, the stream of `raw`, was made: those that the stream
    /// states, and of the rest the ones that come nearest to its size.
    ///
    /// # Errors
    /// The stream is damaged, `raw` is not its content, or the compressor failed.
    pub fn like(codec: Codec, packed: &[u8], raw: &[u8]) -> Result<Packer, Error> {
        let (wanted, recipes) = match codec {
            Codec::Xz => xz::recipes(packed, raw)?,
            Codec::Lzma => lzma::recipes(packed, raw)?,
        };
        let mut best: Option<Packer> = None;
        for (tried, recipe) in recipes.into_iter().enumerate() {
            let nearest = best.as_ref().map_or(u64::MAX, Packer::error);
            let is_near = wanted >= LARGE && nearest <= wanted / SAME_SETTINGS;
            if nearest == 0 || tried >= LIKELY && is_near {
                break;
            }
            let found = recipe
                .size(raw)
                .map_err(|what| Error::Packer { codec, what })?;
            if found.abs_diff(wanted) < nearest {
                best = Some(Packer {
                    codec,
                    recipe,
                    wanted,
                    found,
                });
            }
        }
        best.ok_or_else(|| Error::Packer {
            codec,
            what: "no settings to try".to_owned(),
        })
    }

    /// The size in bytes that the stream would have with `raw` as its content. Where no settings
    /// give the very size of the stream, the result is scaled by what they are off for its content.
    ///
    /// # Errors
    /// The compressor failed.
    pub fn size(&self, raw: &[u8]) -> Result<u64, Error> {
        let size = self.recipe.size(raw).map_err(|what| Error::Packer {
            codec: self.codec,
            what,
        })?;
        if self.is_exact() || self.found == 0 {
            return Ok(size);
        }
        let scaled = u128::from(size) * u128::from(self.wanted) / u128::from(self.found);
        Ok(scaled as u64)
    }

    /// Whether the settings give the very size of the stream.
    pub fn is_exact(&self) -> bool {
        self.wanted == self.found
    }

    fn error(&self) -> u64 {
        self.wanted.abs_diff(self.found)
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
