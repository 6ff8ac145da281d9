//! The status server of a small device; `tinyrust --help` says how to use it.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use tinyrust::cli::{self, Command};
use tinyrust::server::{self, log};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = env::args_os().skip(1);
    match cli::parse(arguments, |name| env::var_os(name)) {
        Ok(Command::Run(config)) => match server::run(config) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                log(format_args!("{error}"));
                ExitCode::FAILURE
            }
        },
        Ok(Command::Help) => print(&cli::help()),
        Ok(Command::Version) => print(&cli::version()),
        Err(error) => {
            log(format_args!("{error}"));
            ExitCode::from(2)
        }
    }
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
