//! Deflate with the price of each symbol, and its wrappings gzip and zlib.
//!
//! Source: RFC 1950 (zlib), RFC 1951 (deflate), RFC 1952 (gzip).

mod huffman;
mod inflate;
mod wrapping;

pub(crate) use inflate::unpack;
pub(crate) use wrapping::{gzip, gzip_member, zlib};
