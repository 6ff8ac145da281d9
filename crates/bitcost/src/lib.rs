#![doc = include_str!("../README.md")]

mod error;
mod ledger;
mod lzma;
mod lzma_alone;
mod packer;
mod reader;
mod xz;

use std::fmt;
use std::ops::Range;

pub use error::Error;
pub use packer::Packer;

use ledger::{Costs, Ledger};
use reader::Reader;

/// A format of compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// The .xz format: LZMA2, alone or behind a filter for machine code. One stream or several.
    Xz,
    /// The .lzma format ("LZMA alone"): 13 bytes of header, no integrity check.
    Lzma,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Xz => "xz",
            Codec::Lzma => "lzma",
        })
    }
}

/// Where the costs come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// The decoder's state: each byte costs the bits of the symbol that produced it.
    Divided,
    /// Evenly, per compressed block.
    Proportional,
}

/// The content of a stream, and what each byte of it costs there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unpacked {
    /// The content, with the filters undone.
    pub raw: Vec<u8>,
    /// The length of the stream in bytes; what follows in the packed data is not part of it.
    pub consumed: usize,
    /// Where the costs come from.
    pub method: Method,
    costs: Costs,
}

impl Unpacked {
    /// What a range of the content costs in the stream, in 1/65536 byte.
    ///
    /// The costs of adjoining ranges sum exactly, and `cost(0..raw.len()) == consumed << 16`:
    /// headers, tables and checksums are spread over the content in proportion. Where there is no
    /// content, the empty range costs all of the stream.
    pub fn cost(&self, range: Range<usize>) -> u64 {
        self.costs.of(range)
    }
}

/// Unpacks the stream at the start of `packed`, of at most `limit` bytes of content.
///
/// # Errors
/// The data is damaged, truncated, too large, or uses what this crate does not read. Checksums that
/// the format has are verified. Takes up to 17 bytes of memory per byte of content, whatever
/// dictionary the stream asks for.
pub fn unpack(codec: Codec, packed: &[u8], limit: usize) -> Result<Unpacked, Error> {
    let mut reader = Reader::new(codec, packed, limit);
    let mut ledger = Ledger::new();
    let mut raw = Vec::new();
    match codec {
        Codec::Xz => drop(xz::unpack(&mut reader, &mut raw, &mut ledger)?),
        Codec::Lzma => lzma_alone::unpack(&mut reader, &mut raw, &mut ledger)?,
    };
    Ok(Unpacked {
        raw,
        consumed: reader.at,
        method: Method::Divided,
        costs: ledger.settle(reader.at),
    })
}
