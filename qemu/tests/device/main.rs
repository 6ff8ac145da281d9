//! What a booted device does, as requirements.
//!
//! One program for all of them, so that machines boot side by side. The image folder
//! is the one that `TINYRUST_IMAGES` names, else the default board's in `out/`;
//! whoever built it, the tests are the same.

mod support;

mod console;
mod damage;
mod data_partition;
mod endpoints;
mod host;
mod illegal_instruction;
mod load;
mod overlay;
mod power_cut;
mod server;
mod slots;
mod system;
mod unsupported;
mod watchdog;
