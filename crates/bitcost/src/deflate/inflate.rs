//! Blocks: stored, with fixed codes, with their own codes.

use super::huffman::{Bits, Code};
use crate::Error;
use crate::ledger::{FRACTION, Ledger};
use crate::matches::{repeat_bytes, source};
use crate::reader::Reader;

/// The symbol that ends a block.
const END: u16 = 256;
/// Matches of symbol 257 on: shortest length and number of extra bits.
const LENGTHS: [(u16, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Shortest distance and number of extra bits.
const DISTANCES: [(u16, u32); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order the lengths of the codes for lengths are stated.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Unpacks blocks up to the last one, and goes to the next whole byte.
///
/// Each block costs what it takes; its header is spread over its content.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let start = raw.len();
    let mut bits = Bits::new(reader);
    loop {
        let (mark, first) = (ledger.open(), bits.position());
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, raw, ledger)?,
            1 => {
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                let codes = codes(&bits, &lengths, &[5; 30])?;
                coded(&mut bits, &codes, raw, start, ledger)?;
            }
            2 => {
                let codes = own_codes(&mut bits)?;
                coded(&mut bits, &codes, raw, start, ledger)?;
            }
            _ => return Err(bits.reader.damaged("a block of unknown kind")),
        }
        ledger.close(mark, bits.position() - first);
        if is_last {
            return Ok(());
        }
    }
}

fn stored(bits: &mut Bits<'_, '_>, raw: &mut Vec<u8>, ledger: &mut Ledger) -> Result<(), Error> {
    bits.align();
    let reader = &mut *bits.reader;
    let size = reader.u16_le("a stored block")?;
    let inverse = reader.u16_le("a stored block")?;
    reader.check_equal("the inverted size of a stored block", inverse, !size)?;
    let size = usize::from(size);
    reader.check_limit((raw.len() + size) as u64)?;
    raw.extend_from_slice(reader.bytes(size, "a stored block")?);
    ledger.charge_bytes(size, size);
    Ok(())
}

/// The code for literals and lengths, and that for distances.
struct Codes(Code, Code);

fn codes(bits: &Bits<'_, '_>, literals: &[u8], distances: &[u8]) -> Result<Codes, Error> {
    let damaged = |what: &str| bits.reader.damaged(what);
    Ok(Codes(
        Code::new(literals).map_err(damaged)?,
        // The fixed code leaves two of its 32 codes out.
        if distances == [5; 30] {
            Code::new(&[5; 32]).map_err(damaged)?
        } else {
            Code::new(distances).map_err(damaged)?
        },
    ))
}

/// Codes that a block states.
fn own_codes(bits: &mut Bits<'_, '_>) -> Result<Codes, Error> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    if literals > 286 || distances > 30 {
        return Err(bits
            .reader
            .damaged("a block with more symbols than there are"));
    }
    let mut lengths = [0; 19];
    for &symbol in &ORDER[..count] {
        lengths[symbol] = bits.take(3)? as u8;
    }
    let code = Code::new(&lengths).map_err(|what| bits.reader.damaged(what))?;
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (length, count) = match code.symbol(bits)?.0 {
            length @ 0..16 => (length as u8, 1),
            16 => {
                let &last = lengths
                    .last()
                    .ok_or_else(|| bits.reader.damaged("nothing to repeat in a block's codes"))?;
                (last, 3 + bits.take(2)?)
            }
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        lengths.extend(std::iter::repeat_n(length, count as usize));
    }
    if lengths.len() > literals + distances {
        return Err(bits.reader.damaged("a block states more codes than it has"));
    }
    if lengths[usize::from(END)] == 0 {
        return Err(bits.reader.damaged("a block has no code for its end"));
    }
    let (literals, distances) = lengths.split_at(literals);
    codes(bits, literals, distances)
}

/// Symbols up to the end of the block.
fn coded(
    bits: &mut Bits<'_, '_>,
    codes: &Codes,
    raw: &mut Vec<u8>,
    start: usize,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    loop {
        let (symbol, mut price) = codes.0.symbol(bits)?;
        let before = raw.len();
        match symbol {
            0..END => raw.push(symbol as u8),
            END => return Ok(()),
            _ => {
                let &(length, extra) = LENGTHS
                    .get(usize::from(symbol - END - 1))
                    .ok_or_else(|| bits.reader.damaged("a length that stands for no length"))?;
                let length = usize::from(length) + bits.take(extra)? as usize;
                price += extra;
                let (symbol, count) = codes.1.symbol(bits)?;
                let &(distance, extra) = DISTANCES
                    .get(usize::from(symbol))
                    .ok_or_else(|| bits.reader.damaged("a code that stands for no distance"))?;
                let distance = usize::from(distance) + bits.take(extra)? as usize;
                price += count + extra;
                let from =
                    source(raw, start, distance).map_err(|what| bits.reader.damaged(what))?;
                repeat_bytes(raw, from, length);
            }
        }
        bits.reader.check_limit(raw.len() as u64)?;
        ledger.charge(raw.len() - before, u64::from(price) << FRACTION);
    }
}
