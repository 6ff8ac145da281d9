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

mod boot_loader;
pub mod builder;
pub mod console;
pub mod crash;
pub mod diagnosis;
mod emulator;
pub mod error;
pub mod flash;
mod guard;
pub mod host_slots;
pub mod http;
pub mod images;
mod listeners;
mod lock;
pub mod machine;
pub mod prometheus;
mod qmp;
mod session;
pub mod shell;
mod symbols;
pub mod system;
pub mod timeouts;
mod wait;

pub use builder::Builder;
pub use console::Console;
pub use diagnosis::Diagnosis;
pub use error::Error;
pub use host_slots::HostSlot;
pub use images::ImageFolder;
pub use machine::Machine;
pub use timeouts::Timeouts;
