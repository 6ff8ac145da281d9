//! The .xz format: filters, dictionary size and properties as the stream states them, the rest by
//! preset.

use liblzma::stream::{Filters, Stream};

use super::lzma::{PRESETS, encode, options};
use super::{Recipe, Recipes, blocks, boxed, other_content};
use crate::ledger::Ledger;
use crate::lzma::Properties;
use crate::reader::Reader;
use crate::xz::{self, BlockHeader, Filter};
use crate::{Codec, Error};

/// Header and footer of a stream.
const STREAM: u64 = 12 + 12;
/// What an encoder uses where the stream does not tell, since its first chunk is stored.
const DEFAULT: Properties = Properties {
    literal_context_bits: 3,
    literal_position_bits: 0,
    position_bits: 2,
};

/// What the stream says of its making.
#[derive(Clone)]
struct Form {
    filters: Vec<Filter>,
    dictionary_size: u32,
    properties: Properties,
    /// The length of a block's header, which may state sizes.
    header_size: u64,
    check_size: u64,
    /// The content per block, where there are several.
    block: Option<usize>,
}

struct Preset {
    form: Form,
    preset: u32,
}

impl Recipe for Preset {
    fn size(&self, raw: &[u8]) -> Result<u64, String> {
        self.stream(raw, &self.form.filters)
    }

    fn size_of_filtered(&self, filtered: &[u8]) -> Result<u64, String> {
        self.stream(filtered, &[])
    }
}

impl Preset {
    /// The size of the stream. Its headers are as long as those of the given stream.
    fn stream(&self, raw: &[u8], filters: &[Filter]) -> Result<u64, String> {
        let form = &self.form;
        let mut count = 0;
        let mut size = STREAM;
        let mut records = 0;
        for block in blocks(raw, Some(form.block.unwrap_or(usize::MAX))) {
            let packed = self.block(block, filters)?;
            let unpadded = form.header_size + packed + form.check_size;
            size += unpadded + packed.next_multiple_of(4) - packed;
            records += number_size(unpadded) + number_size(block.len() as u64);
            count += 1;
        }
        // A byte that marks the index, the records, a CRC-32.
        let index = (1 + number_size(count) + records).next_multiple_of(4) + 4;
        Ok(size + index)
    }

    /// The size of LZMA2's chunks.
    fn block(&self, raw: &[u8], filters: &[Filter]) -> Result<u64, String> {
        let mut chain = Filters::new();
        for filter in filters {
            filter.add(&mut chain)?;
        }
        chain.lzma2(&options(
            self.preset,
            self.form.dictionary_size,
            self.form.properties,
            raw.len(),
        )?);
        let mut encoder = Stream::new_raw_encoder(&chain).map_err(|error| error.to_string())?;
        encode(&mut encoder, raw)
    }
}

/// The length of a number in seven bits per byte.
fn number_size(number: u64) -> u64 {
    u64::from((u64::BITS - number.leading_zeros()).max(1).div_ceil(7))
}

/// Sets `filtered` to the content behind the stream's filters.
pub(super) fn recipes(
    packed: &[u8],
    raw: &[u8],
    filtered: &mut Option<Vec<u8>>,
) -> Result<(u64, Recipes), Error> {
    let mut reader = Reader::new(Codec::Xz, packed, raw.len());
    let mut content = Vec::new();
    let records = xz::unpack(
        &mut reader,
        &mut content,
        &mut Ledger::new(),
        Some(filtered.insert(Vec::new())),
    )?;
    if content != raw {
        return Err(other_content(Codec::Xz));
    }
    let wanted = reader.at as u64;

    let mut reader = Reader::new(Codec::Xz, packed, raw.len());
    let check = xz::read_header(&mut reader)?;
    let start = reader.at;
    let header = match records.first() {
        Some(_) => BlockHeader::read(&mut reader)?,
        None => BlockHeader::default(),
    };
    let form = Form {
        properties: properties(reader.rest()).unwrap_or(DEFAULT),
        header_size: (reader.at - start) as u64,
        check_size: check.size() as u64,
        block: (records.len() > 1).then(|| records[0].raw as usize),
        filters: header.filters,
        dictionary_size: header.dictionary_size,
    };
    let recipes = PRESETS.map(|preset| Preset {
        form: form.clone(),
        preset,
    });
    Ok((wanted, boxed(recipes)))
}

/// The properties in the first LZMA2 chunk.
fn properties(chunk: &[u8]) -> Option<Properties> {
    match chunk {
        [control, _, _, _, _, byte, ..] if *control >= 0xC0 => Properties::from_byte(*byte),
        _ => None,
    }
}
