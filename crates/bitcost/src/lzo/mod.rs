//! LZO1X: blocks, as squashfs has them, and lzop's framing, as kernels have it.
//!
//! Source: `Documentation/staging/lzo.rst` of Linux, which describes the format; for the framing,
//! the fields that lzop 1.04 writes.

mod block;
mod lzop;

pub(crate) use block::unpack as unpack_block;
pub(crate) use lzop::{Header, unpack as unpack_lzop};
