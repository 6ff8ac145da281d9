#![doc = include_str!("../README.md")]

mod checksum;
mod deflate;
mod error;
mod ledger;
mod lz4;
mod lzma;
mod lzma_alone;
mod lzo;
mod matches;
mod packer;
mod reader;
mod xz;
mod zstd;

use std::fmt;
use std::ops::Range;

pub use error::Error;
pub use packer::Packer;

use ledger::{Costs, Ledger};
use reader::Reader;

/// A format of compressed data.
///
/// Where a format allows several streams in a row, they are one: give [`unpack`] only the bytes of
/// the thing that is meant. The blocks of a squashfs, for one, lie directly behind each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// The .xz format: LZMA2, alone or behind a filter for machine code. One stream or several.
    Xz,
    /// The .lzma format ("LZMA alone"): 13 bytes of header, no integrity check.
    Lzma,
    /// gzip: one member or several.
    Gzip,
    /// A zlib stream: what squashfs calls gzip.
    Zlib,
    /// Deflate without header and checksum.
    Deflate,
    /// Zstandard: one frame or several.
    Zstd,
    /// A block of LZ4. It has no end of its own: all of the packed data is the block.
    Lz4Block,
    /// The older frame of LZ4, which Linux reads (`lz4 -l`).
    Lz4Legacy,
    /// The frame of LZ4: one or several.
    Lz4Frame,
    /// A block of LZO1X, up to its end marker.
    Lzo1xBlock,
    /// Blocks of LZO1X as lzop frames them, which Linux reads.
    Lzop,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Xz => "xz",
            Codec::Lzma => "lzma",
            Codec::Gzip => "gzip",
            Codec::Zlib => "zlib",
            Codec::Deflate => "deflate",
            Codec::Zstd => "zstd",
            Codec::Lz4Block => "LZ4 block",
            Codec::Lz4Legacy => "legacy LZ4",
            Codec::Lz4Frame => "LZ4",
            Codec::Lzo1xBlock => "LZO1X block",
            Codec::Lzop => "lzop",
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
    ///
    /// Leaving the range out saves somewhat less: see [`Packer::size_without`].
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
    let mut ledger = Ledger::new();
    let (raw, consumed) = content(codec, packed, limit, &mut ledger)?;
    Ok(Unpacked {
        raw,
        consumed,
        method: match codec {
            Codec::Zstd => Method::Proportional,
            _ => Method::Divided,
        },
        costs: ledger.settle(consumed),
    })
}

/// The content of a stream, and the stream's length.
fn content(
    codec: Codec,
    packed: &[u8],
    limit: usize,
    ledger: &mut Ledger,
) -> Result<(Vec<u8>, usize), Error> {
    let mut reader = Reader::new(codec, packed, limit);
    let mut raw = Vec::new();
    let unpack = match codec {
        Codec::Xz => |reader: &mut Reader<'_>, raw: &mut Vec<u8>, ledger: &mut Ledger| {
            xz::unpack(reader, raw, ledger, None).map(drop)
        },
        Codec::Lzma => lzma_alone::unpack,
        Codec::Gzip => deflate::gzip,
        Codec::Zlib => deflate::zlib,
        Codec::Deflate => deflate::unpack,
        Codec::Zstd => zstd::unpack,
        Codec::Lz4Block => |reader: &mut Reader<'_>, raw: &mut Vec<u8>, ledger: &mut Ledger| {
            lz4::unpack_block(reader, reader.data.len(), raw, 0, usize::MAX, ledger)
        },
        Codec::Lz4Legacy => lz4::legacy,
        Codec::Lz4Frame => lz4::frames,
        Codec::Lzo1xBlock => lzo::unpack_block,
        Codec::Lzop => |reader: &mut Reader<'_>, raw: &mut Vec<u8>, ledger: &mut Ledger| {
            lzo::unpack_lzop(reader, raw, ledger).map(drop)
        },
    };
    unpack(&mut reader, &mut raw, ledger)?;
    Ok((raw, reader.at))
}
