//! The flash budget and layout tool for firmware images.
//!
//! One file, `board.toml`, says how a flash chip is divided and what each part may
//! take. This crate reads it ([`board`]) and gives sizes and offsets types of their
//! own ([`units`]), so that a byte count is never taken for an offset or a KiB.

pub mod assemble;
pub mod board;
pub mod check;
mod file;
pub mod images;
pub mod layout;
pub mod squashfs;
pub mod units;
