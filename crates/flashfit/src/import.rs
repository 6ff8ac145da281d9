//! A board.toml from a map that stands elsewhere: `mtdparts`, a device tree's source or a genimage
//! configuration.
//!
//! [`import`] reads one and writes the map as it was found, hexadecimal where it was hexadecimal. It
//! does not judge: what the result says is judged by whoever reads it as a board.toml, with the same
//! words as any other.
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

/// What a map is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The kernel's and U-Boot's partition argument, alone or in a whole command line
    Mtdparts,
    /// A device tree's source with a node of `fixed-partitions`
    Dts,
    /// A genimage configuration with an image of the type flash
    Genimage,
}

impl Source {
    /// What a file is by its name, else by its text.
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

/// What a map does not say of itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The chip's size, in place of what the map says or the end of its last partition.
    pub size: Option<Bytes>,
    /// The chip's erase block, in place of what the map says or of 64 KiB.
    pub erase_block: Option<Bytes>,
    /// Which chip is meant, where the map has several: its mtd-id, the path or label of its node, or
    /// the image's name.
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
    /// What was needed there, what was found and what to do.
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

/// The board.toml of the map in `text`; `path` is what errors call it.
///
/// # Errors
///
/// Where the text is not what `source` says, or lacks what a map needs: the place, and what to do.
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
    let mut out = format!("# The map of {}.\n[flash]\n", comment(path));
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
        out.push_str("# Where the last partition ends; correct it where the chip is larger.\n");
    }
    let size = size.unwrap_or_else(|| map.parts.iter().map(end).max().unwrap_or(0));
    let _ = writeln!(out, "size = {}", plain(size));
    let erase_block = options.erase_block.map(Bytes::get).or(map.erase_block);
    if erase_block.is_none() {
        out.push_str("# What most SPI-NOR chips have; correct it where this one has another.\n");
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
