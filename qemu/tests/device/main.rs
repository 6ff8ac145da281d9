//! What an image and a device booted from it do, as requirements.
//!
//! One program for all of them, so that machines boot side by side. The image folder
//! is the one that `TINYRUST_IMAGES` names, else the default board's in `out/`;
//! whoever built it, the tests are the same.

mod harness;
mod support;

mod console;
mod damage;
mod data_partition;
mod endpoints;
mod host;
mod illegal_instruction;
mod load;
mod over_budget;
mod overlay;
mod power_cut;
mod server;
mod sizes;
mod slots;
mod system;
mod unsupported;
mod watchdog;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(&[
        console::TESTS,
        damage::TESTS,
        data_partition::TESTS,
        endpoints::TESTS,
        host::TESTS,
        illegal_instruction::TESTS,
        load::TESTS,
        over_budget::TESTS,
        overlay::TESTS,
        power_cut::TESTS,
        server::TESTS,
        sizes::TESTS,
        slots::TESTS,
        system::TESTS,
        unsupported::TESTS,
        watchdog::TESTS,
    ])
}
