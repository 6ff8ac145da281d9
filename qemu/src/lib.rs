//! Boots firmware from an emulated flash chip.
//!
//! A [`Machine`] is a device: a private copy of an image folder's `flash.bin` as its
//! flash chip, and QEMU around it while the power is on. Nothing else is handed to
//! QEMU than what board.toml says, so the boot loader in the chip does the rest.
//!
//! ```no_run
//! use tinyrust_qemu::{ImageFolder, Machine};
//!
//! # fn main() -> Result<(), tinyrust_qemu::Error> {
//! let images = ImageFolder::from_environment()?;
//! let mut device = Machine::builder(&images).power_on()?;
//! println!("up after {:?}", device.wait_until_up()?);
//! assert_eq!(device.run("id -u")?.output, "0\n");
//! device.power_cut();
//! # Ok(())
//! # }
//! ```
//!
//! The device reaches nothing: its network ends in QEMU, and the only way in is a
//! port on the host's loopback interface that leads to its server.

mod accelerator;
mod applicable;
mod boot_loader;
pub mod builder;
pub mod console;
mod emulator;
pub mod error;
pub mod fault;
pub mod flash;
mod guard;
pub mod http;
pub mod images;
pub mod machine;
pub mod permit;
pub mod prometheus;
mod qmp;
pub mod shell;
mod symbols;
pub mod system;
pub mod trouble;
pub mod wait;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use applicable::not_applicable;
pub use builder::Builder;
pub use console::Console;
pub use error::Error;
pub use images::ImageFolder;
pub use machine::Machine;
pub use permit::Permit;
pub use trouble::Trouble;
pub use wait::Patience;

/// A thread that panicked while it held one of our locks left nothing half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
