//! The laboratory: what each step, flag, crate and option costs in bytes.

pub mod allocators;
pub mod apps;
pub mod compilers;
pub mod cross;
mod figures;
pub mod flags;
pub mod foreign;
pub mod ladder;
mod on_flash;
pub mod prices;
pub mod records;
mod rustflags;
mod schema;
pub mod truth;
