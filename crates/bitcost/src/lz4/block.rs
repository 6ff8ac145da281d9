//! A block: sequences of literals and a match.

use crate::Error;
use crate::ledger::{FRACTION, Ledger};
use crate::matches::{repeat_bytes, source};
use crate::reader::Reader;

const SHORTEST_MATCH: usize = 4;

/// Unpacks the next `packed` bytes as one block of at most `largest` bytes of content. Matches may
/// refer back to byte `start` of the content.
///
/// A literal costs its byte. A sequence's token is shared by its literals and its match; further
/// bytes of a length are borne by what they count.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    packed: usize,
    raw: &mut Vec<u8>,
    start: usize,
    largest: usize,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    const WHAT: &str = "a block";
    let end = reader.at.saturating_add(packed);
    if end > reader.data.len() {
        return Err(reader.truncated(WHAT));
    }
    let most = raw.len().saturating_add(largest);
    let check = |reader: &Reader<'_>, size: usize| {
        reader.check_limit(size as u64)?;
        if size > most {
            return Err(reader.damaged(format!("a block has more than {largest} bytes of content")));
        }
        Ok(())
    };
    // The block ends with literals.
    loop {
        if reader.at >= end {
            return Err(reader.damaged("a block does not end with literals"));
        }
        let token = reader.u8(WHAT)?;
        let before = reader.at;
        let literals = length(reader, token >> 4)?;
        if literals > end.saturating_sub(reader.at) {
            return Err(reader.damaged("literals run past the end of a block"));
        }
        check(reader, raw.len() + literals)?;
        raw.extend_from_slice(reader.bytes(literals, WHAT)?);
        let is_last = reader.at == end;
        let token_bits = if is_last { 8 } else { 4 };
        let price = (reader.at - before) as u64 * 8 + if literals > 0 { token_bits } else { 0 };
        ledger.charge(literals, price << FRACTION);
        if is_last {
            return Ok(());
        }
        let before = reader.at;
        let distance = usize::from(reader.u16_le(WHAT)?);
        let matched = length(reader, token & 15)? + SHORTEST_MATCH;
        check(reader, raw.len().saturating_add(matched))?;
        let from = source(raw, start, distance).map_err(|what| reader.damaged(what))?;
        repeat_bytes(raw, from, matched);
        let token_bits = if literals > 0 { 4 } else { 8 };
        let price = (reader.at - before) as u64 * 8 + token_bits;
        ledger.charge(matched, price << FRACTION);
    }
}

/// Fifteen is followed by bytes to add, up to one that is not 255.
fn length(reader: &mut Reader<'_>, nibble: u8) -> Result<usize, Error> {
    let mut length = usize::from(nibble);
    if nibble == 15 {
        loop {
            let byte = reader.u8("a length")?;
            length += usize::from(byte);
            if byte != 255 {
                break;
            }
        }
    }
    Ok(length)
}
