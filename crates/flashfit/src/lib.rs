//! The flash budget and layout tool for firmware images.
//!
//! One file, `board.toml`, says how a flash chip is divided and what each part may take.
//! From it:
//!
//! - [`board`] reads the file and refuses a map that cannot be;
//! - [`table`] writes tables for documents and terminals;
//! - [`layout`] gives the map in the forms that kernel, boot loader, image builders and
//!   documentation need;
//! - [`import`](mod@import) makes a board.toml of a map that stands elsewhere;
//! - [`assemble`](mod@assemble) puts finished images together as the content of the chip;
//! - [`check`](mod@check) holds them against their budgets, in the compressed bytes that
//!   [`squashfs`] images keep of each file.
//!
//! The library knows nothing of who built the images. Sizes and offsets are types of
//! their own ([`board::units`]), so that a byte count is never taken for an offset or a KiB.
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
mod file;
pub mod images;
pub mod import;
pub mod layout;
pub mod squashfs;
pub mod table;
