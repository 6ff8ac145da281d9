//! `flashfit layout`

use std::path::PathBuf;
use std::process::ExitCode;

use board::Board;
use flashfit::layout::{self, Format};

use crate::terminal::{OVER, print, tell_error};

/// Check the flash map and print it in the format that a tool needs
///
/// Rejects a map whose partitions overlap, leave a gap, are not aligned to erase blocks or
/// extend past the end of the chip, and slots that differ.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit layout board.toml --format mtdparts
  eval \"$(flashfit layout board.toml --format sh)\"; echo \"$FLASH_SIZE\"
  flashfit layout board.toml --out build --check")]
pub(crate) struct Args {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The format [default: markdown; with --out, all formats]
    #[arg(short, long)]
    pub(crate) format: Option<Format>,
    /// Write a file for each format into this folder, and name the files that changed
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing; exit 1 if a file in the folder is stale
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board)?;
    let Some(folder) = &args.out else {
        print(&layout::render(
            &board,
            args.format.unwrap_or(Format::Markdown),
        )?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let formats = args
        .format
        .map_or_else(|| Format::all_of(&board), |format| vec![format]);
    if args.check {
        let stale = layout::stale(&board, &formats, folder)?;
        for (path, _) in &stale {
            tell_error(&format!(
                "{}: does not match {}: run the same command without --check",
                path.display(),
                board.path.display()
            ));
        }
        return Ok(if stale.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(OVER)
        });
    }
    for path in layout::write(&board, &formats, folder)? {
        print(&format!("{}\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
