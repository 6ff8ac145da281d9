//! LZ4: blocks, the frame, and the older frame that the kernel reads.
//!
//! Source: `lz4_Block_format.md` and `lz4_Frame_format.md` of lz4.

mod block;
mod frame;

pub(crate) use block::unpack as unpack_block;
pub(crate) use frame::{Descriptor, LEGACY_BLOCK, frames, legacy};
