//! The bill of materials of a firmware: what is on the device, under which licence.
//!
//! [`program`] lists the crates of a program while their sources are at hand, licence texts and
//! all, as an [`Inventory`]. [`Firmware`] joins inventories with the C sources, the image's files
//! and what Buildroot or bitbake know of their packages; [`document`] and [`notices`] write it down as
//! CycloneDX 1.6 and as one file of licence texts.

mod c_code;
mod component;
pub mod document;
mod firmware;
pub mod foreign;
mod licence;
mod locks;
pub mod notices;
pub mod program;
mod texts;
pub mod upstream;

pub use component::{Component, Inventory, Kind, Text};
pub use firmware::{Firmware, Image, Source};
