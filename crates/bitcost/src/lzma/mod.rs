//! LZMA and LZMA2 with the price of each symbol.
//!
//! Written from the specification that comes with the LZMA SDK (`lzma-specification.txt`, Igor
//! Pavlov, public domain) and, for LZMA2's chunks, from the description in xz's
//! `xz-file-format.txt` and `lzma2_decoder.c` (0BSD).

mod chunks;
mod decoder;
mod dictionary;
mod range;

pub(crate) use chunks::unpack as unpack_lzma2;
pub(crate) use decoder::{Decoder, End, Properties};
pub(crate) use dictionary::{Dictionary, Room};
pub(crate) use range::RangeDecoder;
