//! What the commands tell the terminal, and the exit codes.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;

const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The exit code where something is over budget, does not fit or is stale.
pub(crate) const OVER: u8 = 1;
/// The exit code for input that cannot be used; clap's for a wrong command line.
pub(crate) const BAD_INPUT: u8 = 2;

/// An error with its causes, those that its own text has already left out.
pub(crate) fn whole(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.contains(&cause) {
            true => text,
            false if text.is_empty() => cause,
            false => format!("{text}: {cause}"),
        }
    })
}

/// The columns of the terminal; in a pipe, as many as a document has.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into())
}

pub(crate) fn tell_error(message: &str) {
    anstream::eprintln!("{ERROR}{message}{ERROR:#}");
}

/// Prints to where the output of the command is wanted. Who closes the pipe early, as
/// `head` does, has seen enough.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
