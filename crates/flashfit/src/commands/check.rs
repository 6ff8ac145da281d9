//! `flashfit check`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use board::Board;
use flashfit::check::{self, Report};
use flashfit::history::History;

use super::open;
use crate::terminal::{OVER, WARNING, print, tell_error};

/// Check the finished images against their budgets
///
/// Counts bytes on the flash: the image of a partition, the compressed bytes of a
/// component in a squashfs. `~` marks files that share a compressed block, whose bytes
/// are divided in proportion.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit check board.toml output/images
  flashfit check board.toml output/images --json > before.json
  flashfit check board.toml output/images --baseline before.json")]
pub(crate) struct Args {
    /// The board's description, board.toml
    #[arg(value_name = "BOARD.TOML")]
    pub(crate) board: PathBuf,
    /// The folder with the images that board.toml names
    #[arg(value_name = "IMAGES")]
    pub(crate) images: PathBuf,
    /// Print JSON, with every file of every squashfs (schema flashfit-check/1)
    #[arg(long)]
    pub(crate) json: bool,
    /// An earlier --json output; name what grew since then
    #[arg(long, value_name = "OLD.json")]
    pub(crate) baseline: Option<PathBuf>,
    /// Exit 1 if a size grew since the last step of `flashfit accept`
    #[arg(long)]
    pub(crate) fail_unaccepted: bool,
    /// Suggest tighter budgets where a tenth or more is unused
    #[arg(long)]
    pub(crate) suggest: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let board = Board::load(&args.board)?;
    let images = open(&args.images)?;
    let baseline = args
        .baseline
        .as_deref()
        .map(|path: &Path| Report::load(path))
        .transpose()?;
    if let Some(baseline) = baseline
        .as_ref()
        .filter(|baseline| baseline.board != board.name)
    {
        let path: PathBuf = args.baseline.clone().unwrap_or_default();
        bail!(
            "{}: is a report on {}, not on {}",
            path.display(),
            baseline.board,
            board.name
        );
    }
    let report = check::check(&board, &images, baseline.as_ref())?;
    if args.json {
        print(&report.to_json())?;
    } else {
        print(&check::table(&report))?;
        let moved = baseline
            .as_ref()
            .map(|old| check::since(&report, old))
            .unwrap_or_default();
        if !moved.is_empty() {
            print(&format!(
                "\nsince the baseline:\n  {}\n",
                moved.join("\n  ")
            ))?;
        }
    }
    for warning in &report.warnings {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {warning}");
    }
    if args.suggest {
        for suggestion in check::suggestions(&board, &report) {
            anstream::eprintln!("{WARNING}suggestion:{WARNING:#} {suggestion}");
        }
    } else if let Some(slack) = unexplained(&board, &report).filter(|_| report.fits) {
        anstream::eprintln!("{WARNING}suggestion:{WARNING:#} {slack}");
    }
    let unaccepted = tell_growth(args, &board, &report)?;
    report.errors.iter().for_each(|error| tell_error(error));
    Ok(if report.fits && !unaccepted {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(OVER)
    })
}

/// Names what grew since the last accepted step, and says whether that is a failure.
fn tell_growth(args: &Args, board: &Board, report: &Report) -> anyhow::Result<bool> {
    let history = History::of(board)?;
    if args.fail_unaccepted && history.is_none() {
        bail!("--fail-unaccepted: {}", super::no_history(board));
    }
    let Some(history) = history else {
        return Ok(false);
    };
    let grown = history.growth(report);
    let Some(last) = history.steps.last().filter(|_| !grown.is_empty()) else {
        return Ok(false);
    };
    let message = format!(
        "grew since the step of {}: {}; accept it with `flashfit accept {} {} --why \"…\"`",
        last.date,
        super::listed(&grown),
        args.board.display(),
        args.images.display()
    );
    match args.fail_unaccepted {
        true => tell_error(&message),
        false => anstream::eprintln!("{WARNING}warning:{WARNING:#} {message}"),
    }
    Ok(args.fail_unaccepted)
}

fn unexplained(board: &Board, report: &Report) -> Option<String> {
    let text = std::fs::read_to_string(&board.path).ok()?;
    check::unexplained(board, report, &text)
}
