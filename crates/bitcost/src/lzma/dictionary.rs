//! What a symbol may refer to, and how much it may produce.

use crate::matches::repeat_bytes;

/// How much is to be decoded.
pub(crate) struct Room {
    /// Decoding stops when the content has this size.
    pub until: usize,
    /// The size that the last match may not pass.
    pub most: usize,
}

impl Room {
    pub fn exactly(size: usize) -> Self {
        Room {
            until: size,
            most: size,
        }
    }

    /// Up to one match more than `limit`, so that passing it shows.
    pub fn beyond(limit: usize) -> Self {
        Room {
            until: limit.saturating_add(1),
            most: usize::MAX,
        }
    }
}

/// What matches may refer to.
pub(crate) struct Dictionary {
    /// Where it starts in the content.
    pub start: usize,
    /// How far back a match may reach, in bytes.
    pub size: usize,
}

impl Dictionary {
    /// The size that decoders use for a stream that asks for `size`.
    pub fn rounded(size: u32) -> usize {
        (size.max(4096) as usize).next_multiple_of(16)
    }

    /// Where the byte at `distance` (less one) behind `end` stands.
    #[inline(always)]
    pub fn source(&self, end: usize, distance: usize) -> Result<usize, &'static str> {
        if distance >= end - self.start {
            return Err("a match refers to before the start of the dictionary");
        }
        if distance >= self.size {
            return Err("a match refers further back than the dictionary reaches");
        }
        Ok(end - distance - 1)
    }
}

/// Appends `length` bytes from `distance` (less one) back.
pub(super) fn copy(
    raw: &mut Vec<u8>,
    dictionary: &Dictionary,
    distance: usize,
    length: usize,
) -> Result<(), &'static str> {
    let from = dictionary.source(raw.len(), distance)?;
    repeat_bytes(raw, from, length);
    Ok(())
}
