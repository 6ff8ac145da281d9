//! `flashfit man`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::terminal::print;

/// Print the manual page, or write one for each command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit man | man -l -
  flashfit man ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// The folder for flashfit.1 and a page for each command [default: print flashfit.1]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// `command` is the whole command line.
pub(crate) fn run(args: &Args, command: clap::Command) -> anyhow::Result<ExitCode> {
    // `flashfit help` has no page of its own.
    let command = command.disable_help_subcommand(true);
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        print(&String::from_utf8(page)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .with_context(|| format!("{}: cannot be written to", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
