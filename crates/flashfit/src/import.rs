//! Converts an existing map to board.toml: `mtdparts`, a device tree source or a genimage
//! configuration.
//!
//! [`import`] keeps the map and its numbers, hexadecimal or KiB, unchanged. It does not validate the
//! map: reading the result as a board.toml does, with the same messages as for any other.
//!
//! ```
//! use flashfit::import::{self, Options, Source};
//!
//! let text = "mtdparts=spi0.0:0x50000(boot)ro,-(system)";
//! let options = Options {
//!     size: Some("8 MiB".parse()?),
//!     ..Options::default()
//! };
//! let board_toml = import::import(text, "cmdline".as_ref(), Source::Mtdparts, &options)?;
//! assert!(board_toml.contains("offset = 0x50000"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dts;
mod genimage;
mod lexer;
mod mtdparts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use board::units::Bytes;
use clap::ValueEnum;

use lexer::Fault;

/// The format of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The partition argument of the kernel and U-Boot, alone or in a command line
    Mtdparts,
    /// A device tree source with a `fixed-partitions` node
    Dts,
    /// A genimage configuration with an image of type flash
    Genimage,
}

impl Source {
    /// A file's format, from its name or else from its text.
    #[must_use]
    pub fn of(path: &Path, text: &str) -> Option<Source> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("dts" | "dtsi") => Some(Source::Dts),
            Some("cfg") => Some(Source::Genimage),
            _ if text.contains("mtdparts=") => Some(Source::Mtdparts),
            _ => None,
        }
    }
}

/// Facts that a map does not contain.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The chip's size, instead of the map's or of the end of its last partition.
    pub size: Option<Bytes>,
    /// The chip's erase block, instead of the map's or of 64 KiB.
    pub erase_block: Option<Bytes>,
    /// The chip to use if the map has several: its mtd-id, the path or label of its node, or the
    /// image's name.
    pub chip: Option<String>,
}

/// A map that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What was expected, what was found and what to do.
    pub message: String,
}

/// A map as it was found.
#[derive(Debug, Default)]
struct Map {
    mtd_id: Option<String>,
    dt_node: Option<String>,
    size: Option<u64>,
    erase_block: Option<u64>,
    parts: Vec<Part>,
}

/// A partition as it was found.
#[derive(Debug)]
struct Part {
    name: String,
    offset: Number,
    size: Number,
    read_only: bool,
    image: Option<String>,
}

/// A number and how it was written.
#[derive(Debug, Clone, Copy)]
struct Number {
    value: u64,
    hexadecimal: bool,
}

impl Number {
    /// The way board.toml writes it.
    fn written(self) -> String {
        match self {
            Number {
                value,
                hexadecimal: true,
            } => format!("{value:#x}"),
            Number { value, .. } if value.is_multiple_of(1024) => {
                format!("\"{} KiB\"", value / 1024)
            }
            Number { value, .. } => format!("\"{value} B\""),
        }
    }
}

/// Converts the map in `text` to board.toml; errors call it `path`.
///
/// # Errors
///
/// If the text is not in `source`'s format, or lacks what a map needs: the place, and what to do.
pub fn import(text: &str, path: &Path, source: Source, options: &Options) -> Result<String, Error> {
    let chip = options.chip.as_deref();
    let found = match source {
        Source::Mtdparts => mtdparts::read(text, chip, options.size.map(Bytes::get)),
        Source::Dts => dts::read(text, chip),
        Source::Genimage => genimage::read(text, chip),
    };
    let map = found.map_err(|Fault { at, message }| {
        let before = &text[..at.min(text.len())];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Error {
            path: path.to_owned(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before[start..].chars().count(),
            message,
        }
    })?;
    Ok(board_toml(&map, path, options))
}

fn board_toml(map: &Map, path: &Path, options: &Options) -> String {
    let mut out = format!("# The map from {}.\n[flash]\n", comment(path));
    let plain = |value| {
        Number {
            value,
            hexadecimal: false,
        }
        .written()
    };
    let end = |part: &Part| part.offset.value.saturating_add(part.size.value);
    let size = options.size.map(Bytes::get).or(map.size);
    if size.is_none() {
        out.push_str("# The end of the last partition; correct it if the chip is larger.\n");
    }
    let size = size.unwrap_or_else(|| map.parts.iter().map(end).max().unwrap_or(0));
    let _ = writeln!(out, "size = {}", plain(size));
    let erase_block = options.erase_block.map(Bytes::get).or(map.erase_block);
    if erase_block.is_none() {
        out.push_str("# The size on most SPI-NOR chips; correct it if yours differs.\n");
    }
    let _ = writeln!(
        out,
        "erase-block = {}",
        plain(erase_block.unwrap_or(64 << 10))
    );
    for (key, value) in [("mtd-id", &map.mtd_id), ("dt-node", &map.dt_node)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {}", quoted(value));
        }
    }
    for part in &map.parts {
        let _ = write!(
            out,
            "\n[[partition]]\nname = {}\noffset = {}\nsize = {}\n",
            quoted(&part.name),
            part.offset.written(),
            part.size.written(),
        );
        if let Some(image) = &part.image {
            let _ = writeln!(out, "image = {}", quoted(image));
        }
        if part.read_only {
            out.push_str("read-only = true\n");
        }
    }
    out
}

/// A file's name in a comment, which no line end may end.
fn comment(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
