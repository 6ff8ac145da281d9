//! `flashfit assemble`

use std::path::PathBuf;
use std::process::ExitCode;

use board::Board;
use flashfit::assemble::{self, assemble};

use super::open;
use crate::terminal::{OVER, print, tell_error};

/// Assemble the images of all partitions into the content of the chip
///
/// Space without an image becomes erased flash, 0xff. The output appears only once it is
/// complete.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flashfit assemble board.toml output/images -o output/images/flash.bin")]
pub(crate) struct Args {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// The file to create [default: flash.bin in IMAGES]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board)?;
    let images = open(&args.images)?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| images.path("flash.bin".as_ref()));
    match assemble(&board, &images, &output) {
        Ok(size) => {
            print(&format!("{}: {size} bytes\n", output.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ assemble::Error::TooLarge(_)) => {
            tell_error(&error.to_string());
            Ok(ExitCode::from(OVER))
        }
        Err(error) => Err(error.into()),
    }
}
