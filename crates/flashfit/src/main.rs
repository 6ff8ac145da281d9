//! The command line of flashfit.

mod cli;
mod commands;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use cli::{Cli, Command};
use commands::{accept, assemble, check, completions, diff, history, import, layout, man, report};
use terminal::{BAD_INPUT, tell_error, whole};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Import(args) => import::run(&args),
        Command::Layout(args) => layout::run(&args),
        Command::Assemble(args) => assemble::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::History(args) => history::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
        Command::Report(args) => report::run(&args),
    };
    outcome.unwrap_or_else(|error| {
        tell_error(&whole(&error));
        ExitCode::from(BAD_INPUT)
    })
}
