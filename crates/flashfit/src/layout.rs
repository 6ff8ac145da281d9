//! The flash map in the formats of the tools that need it.
//!
//! Offsets are defined only in board.toml; boot loader, kernel, image builders and
//! documentation get them from here. [`render`] returns one format as text; [`write`](fn@write)
//! writes formats into a folder and leaves files that are up to date untouched, so that make
//! rebuilds nothing.
//!
//! ```
//! use board::Board;
//! use flashfit::layout::{self, Format};
//!
//! let text = r#"
//! [flash]
//! size = "8 MiB"
//! erase-block = "64 KiB"
//! mtd-id = "spi0.0"
//!
//! [[partition]]
//! name = "boot"
//! offset = "0 KiB"
//! size = "448 KiB"
//!
//! [[partition]]
//! name = "system"
//! offset = "448 KiB"
//! size = "7744 KiB"
//! "#;
//! let board = Board::parse(text, "board.toml".as_ref())?;
//! assert_eq!(
//!     layout::render(&board, Format::Mtdparts)?,
//!     "mtdparts=spi0.0:448k@0(boot),7744k@448k(system)\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dts;
mod genimage;
mod markdown;
mod mtdparts;
mod u_boot_config;
mod u_boot_env;
mod variables;

pub use variables::facts;

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::file;
use board::Board;

/// A format of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The partition argument of the kernel and U-Boot, `mtdparts=…`
    Mtdparts,
    /// A device-tree `partitions` node to include in the board's source
    Dts,
    /// A genimage configuration that produces the same image as `flashfit assemble`
    Genimage,
    /// Variables to source in a POSIX shell
    Sh,
    /// Variables to include in a makefile
    Make,
    /// Lines for U-Boot's default environment
    UBootEnv,
    /// A fragment of U-Boot's configuration: the offsets of its environment and its parts
    UBootConfig,
    /// A table for documentation
    Markdown,
}

impl Format {
    /// The name of its file in the output folder.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Mtdparts => "mtdparts",
            Format::Dts => "partitions.dtsi",
            Format::Genimage => "genimage.cfg",
            Format::Sh => "layout.sh",
            Format::Make => "layout.mk",
            Format::UBootEnv => "u-boot.env",
            Format::UBootConfig => "u-boot.config",
            Format::Markdown => "layout.md",
        }
    }

    /// The formats that `board` has the facts for.
    #[must_use]
    pub fn all_of(board: &Board) -> Vec<Format> {
        let known = |format: &Format| match format {
            Format::Mtdparts => board.flash.mtd_id.is_some(),
            Format::UBootConfig => board.u_boot.is_some(),
            _ => true,
        };
        Format::value_variants()
            .iter()
            .copied()
            .filter(known)
            .collect()
    }
}

/// A format that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// mtdparts names the chip, but board.toml does not.
    #[error(
        "{}: [flash] has no `mtd-id`, but mtdparts starts with the kernel's name for the chip: \
         add it, as in mtd-id = \"spi0.0\"", path.display())]
    NoMtdId {
        /// The board.toml.
        path: PathBuf,
    },
    /// The format configures a boot loader, but board.toml has none.
    #[error(transparent)]
    Board(#[from] board::Error),
    /// A generated file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The map in one format, with a final line feed.
///
/// # Errors
///
/// [`Error::NoMtdId`] for mtdparts if the board has no `mtd-id`, [`Error::Board`] for U-Boot's
/// configuration if it has no `[u-boot]`.
pub fn render(board: &Board, format: Format) -> Result<String, Error> {
    Ok(match format {
        Format::Mtdparts => mtdparts::render(board)?,
        Format::Dts => dts::render(board),
        Format::Genimage => genimage::render(board),
        Format::Sh => variables::shell(board),
        Format::Make => variables::make(board),
        Format::UBootEnv => u_boot_env::render(board),
        Format::UBootConfig => u_boot_config::render(board)?,
        Format::Markdown => markdown::render(board),
    })
}

/// Writes formats into `folder`, each to its [file](Format::file_name), and returns the
/// files that changed.
///
/// # Errors
///
/// As [`render`], and [`Error::File`].
pub fn write(board: &Board, formats: &[Format], folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let stale = stale(board, formats, folder)?;
    std::fs::create_dir_all(folder).map_err(|source| Error::File {
        path: folder.to_owned(),
        source,
    })?;
    for (path, text) in &stale {
        file::write(path, text.as_bytes()).map_err(|source| Error::File {
            path: path.clone(),
            source,
        })?;
    }
    Ok(stale.into_iter().map(|(path, _)| path).collect())
}

/// The files in `folder` that are missing or do not match board.toml, each with its correct
/// content.
///
/// # Errors
///
/// As [`render`], and [`Error::File`].
pub fn stale(
    board: &Board,
    formats: &[Format],
    folder: &Path,
) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut stale = Vec::new();
    for &format in formats {
        let path = folder.join(format.file_name());
        let text = render(board, format)?;
        match std::fs::read(&path) {
            Ok(old) if old == text.as_bytes() => {}
            Ok(_) => stale.push((path, text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => stale.push((path, text)),
            Err(source) => return Err(Error::File { path, source }),
        }
    }
    Ok(stale)
}

/// What generated files start with, behind their language's comment sign.
fn notice(board: &Board) -> String {
    format!(
        "Generated by flashfit from the board.toml of {}. Do not edit.",
        board.name
    )
}
