//! LZMA2: LZMA in chunks of known size, and stored chunks.

use crate::Error;
use crate::ledger::Ledger;
use crate::lzma::decoder::{Decoder, End, Properties};
use crate::lzma::dictionary::{Dictionary, Room};
use crate::lzma::range::RangeDecoder;
use crate::reader::Reader;

/// Unpacks chunks up to the end marker.
///
/// Each chunk costs what it takes, with its header.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    dictionary_size: u32,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let mut dictionary = Dictionary {
        start: raw.len(),
        size: Dictionary::rounded(dictionary_size),
    };
    let mut decoder: Option<Decoder> = None;
    let mut is_first = true;
    loop {
        let start = reader.at;
        let control = reader.u8("the header of an LZMA2 chunk")?;
        if control == 0 {
            return Ok(());
        }
        if matches!(control, 1 | 0xE0..) {
            dictionary.start = raw.len();
        } else if is_first {
            return Err(reader.damaged("the first LZMA2 chunk does not reset the dictionary"));
        }
        is_first = false;
        let mark = ledger.open();
        match control {
            1 | 2 => {
                let size = usize::from(reader.u16_be("the header of an LZMA2 chunk")?) + 1;
                reader.check_limit((raw.len() + size) as u64)?;
                raw.extend_from_slice(reader.bytes(size, "a stored LZMA2 chunk")?);
                ledger.charge_bytes(size, size);
                if control == 1 {
                    decoder = None;
                }
            }
            0x80.. => {
                let low = usize::from(reader.u16_be("the header of an LZMA2 chunk")?);
                let size = (usize::from(control & 0x1F) << 16 | low) + 1;
                let packed = usize::from(reader.u16_be("the header of an LZMA2 chunk")?) + 1;
                reader.check_limit((raw.len() + size) as u64)?;
                let decoder = match control {
                    0xC0.. => decoder.insert(Decoder::new(properties(reader)?)),
                    _ => {
                        let decoder = decoder.as_mut().ok_or_else(|| {
                            reader.damaged("an LZMA2 chunk has no properties before it")
                        })?;
                        if control >= 0xA0 {
                            decoder.reset();
                        }
                        decoder
                    }
                };
                let end = raw.len() + size;
                chunk(reader, packed, raw, &dictionary, end, decoder, ledger)?;
            }
            _ => return Err(reader.damaged(format!("{control:#04x} begins no LZMA2 chunk"))),
        }
        ledger.close(mark, (reader.at - start) as u64 * 8);
    }
}

/// Properties of LZMA2, which bounds the sum of lc and lp.
fn properties(reader: &mut Reader<'_>) -> Result<Properties, Error> {
    let byte = reader.u8("the properties of an LZMA2 chunk")?;
    Properties::from_byte(byte)
        .filter(|found| found.literal_context_bits + found.literal_position_bits <= 4)
        .ok_or_else(|| reader.damaged(format!("{byte:#04x} are no properties of LZMA2")))
}

/// An LZMA chunk of `packed` bytes.
fn chunk(
    reader: &mut Reader<'_>,
    packed: usize,
    raw: &mut Vec<u8>,
    dictionary: &Dictionary,
    end: usize,
    decoder: &mut Decoder,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let available = &reader.rest()[..packed.min(reader.rest().len())];
    let room = Room::exactly(end);
    let mut code = RangeDecoder::new(available)
        .ok_or_else(|| reader.damaged("no range coder starts in an LZMA2 chunk"))?;
    let found = decoder.decode(&mut code, raw, dictionary, &room, ledger, reader)?;
    if found != End::Full {
        return Err(reader.damaged("an end marker in an LZMA2 chunk"));
    }
    let is_finished = code.is_finished();
    if !is_finished || code.at() != packed {
        let read = code.at();
        return Err(reader.damaged(format!(
            "an LZMA2 chunk of {packed} bytes does not end with its content, after {read} bytes"
        )));
    }
    reader.bytes(packed, "an LZMA2 chunk")?;
    Ok(())
}
