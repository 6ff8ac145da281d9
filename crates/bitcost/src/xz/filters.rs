//! Filters in front of LZMA2: branch converters for machine code, and delta.

use liblzma::stream::{Action, Filters, Status, Stream};

use crate::reader::Reader;
use crate::{Codec, Error};

/// What LZMA2 stores in one chunk at most.
const CHUNK: usize = 1 << 16;
/// LZMA2's property for the smallest dictionary.
const SMALLEST_DICTIONARY: &[u8] = &[0];

/// A filter and its properties.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    id: u64,
    properties: Vec<u8>,
}

impl Filter {
    pub fn new(reader: &Reader<'_>, id: u64, properties: &[u8]) -> Result<Self, Error> {
        let filter = Filter {
            id,
            properties: properties.to_vec(),
        };
        filter
            .add(&mut Filters::new())
            .map_err(|what| reader.unsupported(what))?;
        Ok(filter)
    }

    /// Adds the filter to a chain; says why it cannot.
    pub fn add(&self, chain: &mut Filters) -> Result<(), String> {
        let properties = &self.properties;
        let added = match self.id {
            0x03 => chain.delta_properties(properties),
            0x04 => chain.x86_properties(properties),
            0x05 => chain.powerpc_properties(properties),
            0x06 => chain.ia64_properties(properties),
            0x07 => chain.arm_properties(properties),
            0x08 => chain.arm_thumb_properties(properties),
            0x09 => chain.sparc_properties(properties),
            0x0A => chain.arm64_properties(properties),
            0x0B => chain.riscv_properties(properties),
            id => return Err(format!("filter {id:#x}")),
        };
        added
            .map(|_| ())
            .map_err(|_| format!("filter {:#x} with properties {properties:02x?}", self.id))
    }
}

/// Undoes the filters on the content from `first` on. The length stays.
///
/// liblzma has no way to run a filter alone, so it gets the content as stored LZMA2 chunks.
pub(crate) fn undo(
    reader: &Reader<'_>,
    filters: &[Filter],
    raw: &mut Vec<u8>,
    first: usize,
) -> Result<(), Error> {
    if filters.is_empty() {
        return Ok(());
    }
    let failed = |what: String| Error::Packer {
        codec: Codec::Xz,
        what,
    };
    let mut chain = Filters::new();
    for filter in filters {
        filter.add(&mut chain).map_err(failed)?;
    }
    chain
        .lzma2_properties(SMALLEST_DICTIONARY)
        .map_err(|error| failed(error.to_string()))?;
    let mut decoder = Stream::new_raw_decoder(&chain).map_err(|error| failed(error.to_string()))?;

    let size = raw.len() - first;
    // With room for one byte more, the decoder goes on to the end marker.
    let mut plain = Vec::with_capacity(size + 1);
    let status = decoder
        .process_vec(&store(&raw[first..]), &mut plain, Action::Finish)
        .map_err(|error| failed(error.to_string()))?;
    if status != Status::StreamEnd || plain.len() != size {
        return Err(reader.damaged("the filters do not keep the length of the content"));
    }
    raw.truncate(first);
    raw.append(&mut plain);
    Ok(())
}

/// The content as LZMA2 without compression.
fn store(content: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(content.len() + content.len() / CHUNK * 3 + 4);
    // The first chunk resets the dictionary.
    let mut control = 1;
    for chunk in content.chunks(CHUNK) {
        stored.push(control);
        stored.extend(((chunk.len() - 1) as u16).to_be_bytes());
        stored.extend(chunk);
        control = 2;
    }
    stored.push(0);
    stored
}
