//! `flashfit history`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use board::Board;
use flashfit::history::{self, History, Subject};

use crate::terminal::print;

/// Show the accepted sizes of a board, each with its reason
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit history board.toml
  flashfit history board.toml --of server
  flashfit history board.toml --svg sizes.svg")]
pub(crate) struct Args {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    board: PathBuf,
    /// What to show: chip, `slot a`, a partition or a component [default: a slot, or the chip]
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// Write a picture that follows the reader's light or dark scheme, instead of printing
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board)?;
    let history = History::of(&board)?.filter(|history| !history.steps.is_empty());
    let history = history.with_context(|| super::no_history(&board))?;
    let subject = match &args.of {
        Some(name) => Subject::named(&history, name)?,
        None => Subject::main(&history),
    };
    match &args.svg {
        None => print(&history::plot(&history, &subject))?,
        Some(file) => std::fs::write(file, history::svg(&board.name, &history, &subject))
            .with_context(|| format!("{}: cannot be written", file.display()))?,
    }
    Ok(ExitCode::SUCCESS)
}
