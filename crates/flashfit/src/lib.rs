//! Flash layout, assembly and budgets for firmware images.
//!
//! One file, `board.toml`, defines the layout of a flash chip and the budget of each part.
//!
//! - [`board`] reads the file and rejects an invalid map.
//! - [`table`] writes tables for documents and terminals.
//! - [`layout`] gives the map in the formats that kernel, boot loader, image builders and
//!   documentation need.
//! - [`import`](mod@import) converts an existing map to board.toml.
//! - [`assemble`](mod@assemble) assembles finished images into the content of the chip.
//! - [`check`](mod@check) compares them with their budgets, and counts the compressed bytes
//!   of each file in a [`squashfs`] image.
//! - [`history`] keeps the accepted sizes, each with its reason.
//! - [`diff`](mod@diff) compares two [`report`]s, node by node.
//!
//! The library does not depend on any builder. Sizes and offsets have their own types
//! ([`board::units`]), so that nobody mistakes a byte count for an offset or for KiB.
//!
//! ```no_run
//! use board::Board;
//! use flashfit::{check, images::Images};
//!
//! let board = Board::load("boards/camera/board.toml")?;
//! let images = Images::open("out/camera")?;
//! let report = check::check(&board, &images, None)?;
//! anstream::print!("{}", check::table(&report));
//! assert!(report.fits, "{}", report.errors.join("\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod assemble;
pub mod check;
pub mod diff;
mod file;
pub mod history;
pub mod images;
pub mod import;
pub mod layout;
pub mod page;
pub mod parts;
pub mod report;
pub mod squashfs;
pub mod svg;
pub mod table;
