//! The command line of flashfit.

mod cli;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, bail};
use board::Board;
use clap::Parser as _;
use cli::{Assemble, Check, Cli, Command, Import, Layout};
use flashfit::assemble::{self, assemble};
use flashfit::check::{self, Report};
use flashfit::images::Images;
use flashfit::import::{self, Source};
use flashfit::layout::{self, Format};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The exit code where something is over budget, does not fit or is stale.
const OVER: u8 = 1;
/// The exit code for input that cannot be used; clap's for a wrong command line.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Import(args) => import_map(&args),
        Command::Layout(args) => layout(&args),
        Command::Assemble(args) => assemble_chip(&args),
        Command::Check(args) => check_budgets(&args),
    };
    outcome.unwrap_or_else(|error| {
        tell_error(&whole(&error));
        ExitCode::from(BAD_INPUT)
    })
}

/// An error with its causes, those that its own text has already left out.
fn whole(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.contains(&cause) {
            true => text,
            false if text.is_empty() => cause,
            false => format!("{text}: {cause}"),
        }
    })
}

fn tell_error(message: &str) {
    anstream::eprintln!("{ERROR}{message}{ERROR:#}");
}

/// Prints to where the output of the command is wanted. Who closes the pipe early, as
/// `head` does, has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

fn open(folder: &Path) -> anyhow::Result<Images> {
    Images::open(folder).with_context(|| {
        format!(
            "cannot read the image folder {}; name the one that the build filled",
            folder.display()
        )
    })
}

fn import_map(args: &Import) -> anyhow::Result<ExitCode> {
    let standard_input = args.file.as_os_str() == "-";
    let text = match standard_input {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(&args.file),
    };
    let text = text.with_context(|| args.file.display().to_string())?;
    let source = args
        .from
        .or_else(|| Source::of(&args.file, &text))
        .with_context(|| {
            format!(
                "{}: cannot tell whether this is an mtdparts argument, a device tree or a \
             genimage.cfg: choose with --from",
                args.file.display()
            )
        })?;
    let options = import::Options {
        size: args.size,
        erase_block: args.erase_block,
        chip: args.chip.clone(),
    };
    let board_toml = import::import(&text, &args.file, source, &options)?;
    let written = args.output.clone().unwrap_or_else(|| "board.toml".into());
    match &args.output {
        Some(output) => {
            // What is there already may have been corrected by hand.
            let file = std::fs::File::create_new(output);
            let write = file.and_then(|mut file| file.write_all(board_toml.as_bytes()));
            write.with_context(|| format!("{}: cannot be created", output.display()))?;
        }
        None => print(&board_toml)?,
    }
    match Board::parse(&board_toml, &written) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            tell_error(&error.to_string());
            Ok(ExitCode::from(OVER))
        }
    }
}

fn layout(args: &Layout) -> anyhow::Result<ExitCode> {
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

fn assemble_chip(args: &Assemble) -> anyhow::Result<ExitCode> {
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

fn check_budgets(args: &Check) -> anyhow::Result<ExitCode> {
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
    }
    report.errors.iter().for_each(|error| tell_error(error));
    Ok(if report.fits {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(OVER)
    })
}
