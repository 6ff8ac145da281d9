//! Packing other content the way a given stream was packed.

mod deflate;
mod lz4;
mod lzma;
mod lzo;
mod xz;
mod zstd;

use crate::ledger::Ledger;
use crate::{Codec, Error};

/// One way of packing.
trait Recipe: Send + Sync {
    /// The size of the stream that it makes of the content, or why the compressor failed.
    fn size(&self, raw: &[u8]) -> Result<u64, String>;
}

type Recipes = Vec<Box<dyn Recipe>>;

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
            Codec::Gzip | Codec::Zlib | Codec::Deflate => deflate::recipes(codec, packed, raw)?,
            Codec::Zstd => zstd::recipes(packed, raw)?,
            Codec::Lz4Block | Codec::Lz4Legacy | Codec::Lz4Frame => {
                lz4::recipes(codec, packed, raw)?
            }
            Codec::Lzo1xBlock | Codec::Lzop => lzo::recipes(codec, packed, raw)?,
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
