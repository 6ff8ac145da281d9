//! The .xz format: streams of blocks, with an index and checksums.
//!
//! Source: `xz-file-format.txt` 1.2.1 of xz (public domain).

mod check;
mod filters;
mod header;

pub(crate) use check::Check;
pub(crate) use filters::Filter;
pub(crate) use header::BlockHeader;

use crate::Error;
use crate::checksum::crc32;
use crate::ledger::Ledger;
use crate::lzma;
use crate::reader::Reader;
pub(crate) use header::stream as read_header;
use header::{MAGIC, check_crc, number};

const FOOTER_MAGIC: &[u8] = b"YZ";

/// Sizes of a block, as the index has them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Without the padding.
    unpadded: u64,
    /// Of the content.
    pub raw: u64,
}

/// Unpacks a stream, and those that follow it directly or behind padding. Gives the blocks, and
/// puts the content behind the filters into `filtered`.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
    mut filtered: Option<&mut Vec<u8>>,
) -> Result<Vec<Record>, Error> {
    let mut all = Vec::new();
    loop {
        all.append(&mut stream(reader, raw, ledger, filtered.as_deref_mut())?);
        let rest = reader.rest();
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        if zeros % 4 != 0 || !rest[zeros..].starts_with(MAGIC) {
            return Ok(all);
        }
        reader.at += zeros;
    }
}

fn stream(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
    mut filtered: Option<&mut Vec<u8>>,
) -> Result<Vec<Record>, Error> {
    let check = header::stream(reader)?;
    let mut records = Vec::new();
    while reader.rest().first() != Some(&0) {
        records.push(block(reader, check, raw, ledger, filtered.as_deref_mut())?);
    }
    index(reader, &records, check)?;
    Ok(records)
}

fn block(
    reader: &mut Reader<'_>,
    check: Check,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
    filtered: Option<&mut Vec<u8>>,
) -> Result<Record, Error> {
    let mark = ledger.open();
    let start = reader.at;
    let header = BlockHeader::read(reader)?;
    let (data, first) = (reader.at, raw.len());
    lzma::unpack_lzma2(reader, raw, header.dictionary_size, ledger)?;
    let (packed, size) = ((reader.at - data) as u64, (raw.len() - first) as u64);
    if let Some(stated) = header.packed_size {
        reader.check_equal("the packed size of a block", stated, packed)?;
    }
    if let Some(stated) = header.raw_size {
        reader.check_equal("the size of a block's content", stated, size)?;
    }
    if let Some(filtered) = filtered {
        filtered.extend_from_slice(&raw[first..]);
    }
    filters::undo(reader, &header.filters, raw, first)?;
    padding(reader, packed)?;
    let stated = reader.bytes(check.size(), "the check of a block")?;
    check.verify(reader, stated, &raw[first..])?;
    ledger.close(mark, (reader.at - start) as u64 * 8);
    Ok(Record {
        unpadded: (data - start) as u64 + packed + check.size() as u64,
        raw: size,
    })
}

/// Zeros up to a multiple of four.
fn padding(reader: &mut Reader<'_>, size: u64) -> Result<(), Error> {
    let zeros = reader.bytes((size.next_multiple_of(4) - size) as usize, "padding")?;
    if zeros.iter().any(|&byte| byte != 0) {
        return Err(reader.damaged("the padding is not zero"));
    }
    Ok(())
}

/// The index and the footer, which repeat what the blocks said.
fn index(reader: &mut Reader<'_>, records: &[Record], check: Check) -> Result<(), Error> {
    let start = reader.at;
    reader.u8("the index")?;
    let count = number(reader)?;
    reader.check_equal("the number of blocks", count, records.len() as u64)?;
    for record in records {
        let stated = number(reader)?;
        reader.check_equal("the size of a block", stated, record.unpadded)?;
        let stated = number(reader)?;
        reader.check_equal("the size of a block's content", stated, record.raw)?;
    }
    padding(reader, (reader.at - start) as u64)?;
    check_crc(reader, start, "the index")?;
    let size = (reader.at - start) as u64;

    let stated = reader.u32_le("the footer")?;
    let fields = reader.at;
    let backward = (u64::from(reader.u32_le("the footer")?) + 1) * 4;
    reader.check_equal("the size of the index", backward, size)?;
    let flags = reader.bytes(2, "the footer")?;
    if flags != [0, check.id()] {
        return Err(reader.damaged("the flags of the footer differ from the header's"));
    }
    let found = crc32(&reader.data[fields..reader.at]);
    reader.check_equal("the CRC-32 of the footer", stated, found)?;
    if reader.bytes(2, "the footer")? != FOOTER_MAGIC {
        return Err(reader.damaged("the footer does not end in YZ"));
    }
    Ok(())
}
