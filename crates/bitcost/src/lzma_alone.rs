//! The .lzma format: properties, dictionary size, size, LZMA.
//!
//! Source: `lzma-file-format.txt` of xz (public domain), `lzma-specification.txt` of the LZMA SDK.

use crate::Error;
use crate::ledger::Ledger;
use crate::lzma::{Decoder, Dictionary, End, Properties, RangeDecoder, Room};
use crate::reader::Reader;

/// The size that says that an end marker follows instead.
const UNKNOWN: u64 = u64::MAX;

/// The header's fields.
pub(crate) struct Header {
    pub properties: Properties,
    pub dictionary_size: u32,
    /// The size of the content, where the header states it.
    pub size: Option<u64>,
}

impl Header {
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let byte = reader.u8("the header")?;
        let properties = Properties::from_byte(byte)
            .ok_or_else(|| reader.damaged(format!("{byte:#04x} are no properties of LZMA")))?;
        let dictionary_size = reader.u32_le("the header")?;
        let size = reader.u64_le("the header")?;
        Ok(Header {
            properties,
            dictionary_size,
            size: (size != UNKNOWN).then_some(size),
        })
    }
}

pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let header = Header::read(reader)?;
    reader.check_limit(header.size.unwrap_or(0))?;
    let mut decoder = Decoder::new(header.properties);
    let dictionary = Dictionary {
        start: 0,
        size: Dictionary::rounded(header.dictionary_size),
    };
    if reader.rest().len() < RangeDecoder::START {
        return Err(reader.truncated("the start of the range coder"));
    }
    let mut code = RangeDecoder::new(reader.rest())
        .ok_or_else(|| reader.damaged("no range coder starts behind the header"))?;
    let room = match header.size {
        Some(size) => Room::exactly(size as usize),
        None => Room::beyond(reader.limit),
    };
    let end = decoder.decode(&mut code, raw, &dictionary, &room, ledger, reader)?;
    match (end, header.size) {
        (End::Full, None) => reader.check_limit(raw.len() as u64)?,
        (End::Marker, Some(size)) => {
            let found = raw.len();
            return Err(reader.damaged(format!(
                "the content ends after {found} bytes, the header states {size}"
            )));
        }
        (End::Full, Some(_)) => {
            if !code.is_finished() && !decoder.is_marker(&mut code, raw, &dictionary) {
                return Err(reader.damaged("the content is longer than the header states"));
            }
        }
        (End::Marker, None) => {}
    }
    let is_finished = code.is_finished();
    if code.ran_out() {
        return Err(reader.truncated("the end of the range coder"));
    }
    if !is_finished {
        return Err(reader.damaged("the range coder does not end with the content"));
    }
    reader.at += code.at();
    Ok(())
}
