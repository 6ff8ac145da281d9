//! `flashfit accept`

use std::path::PathBuf;
use std::process::ExitCode;

use board::Board;
use flashfit::check;
use flashfit::history::{self, Accepted, History, Reason};

use super::open;
use crate::terminal::{OVER, print, tell_error};

/// Record the sizes of an image, with the reason for them
///
/// Adds a line to size-history.jsonl beside board.toml, if a size changed since the last one. Commit
/// the file: `flashfit check` then names what grew since, and `flashfit history` shows each step.
/// The date is today's, or that of SOURCE_DATE_EPOCH.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flashfit accept board.toml output/images --why 'server: TLS'")]
pub(crate) struct Args {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    images: PathBuf,
    /// The reason, for whoever reads the history
    #[arg(long, value_name = "REASON")]
    why: String,
    /// The source revision of the image [default: git_revision in build.json in IMAGES]
    #[arg(long)]
    revision: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board)?;
    let images = open(&args.images)?;
    let report = check::check(&board, &images, None)?;
    let reason = Reason {
        date: history::today()?,
        revision: args.revision.clone().or_else(|| images.revision()),
        why: args.why.clone(),
    };
    let shown = History::path(&board).display().to_string();
    let said = match history::accept(&board, &report, reason) {
        Ok(Accepted::First) => "the first step".to_owned(),
        Ok(Accepted::Same) => "no size changed since the last step; nothing to accept".to_owned(),
        Ok(Accepted::Changed(changes)) => super::listed(&changes),
        Err(error @ history::Error::DoesNotFit(_)) => {
            tell_error(&error.to_string());
            return Ok(ExitCode::from(OVER));
        }
        Err(error) => return Err(error.into()),
    };
    print(&format!("{shown}: {said}\n"))?;
    Ok(ExitCode::SUCCESS)
}
