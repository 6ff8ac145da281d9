//! Boots a device from an emulated flash chip and shows that it answers: what
//! `qemu/run.sh` runs.

mod args;
mod progress;
mod report;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use clap::Parser;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tinyrust_qemu::{ImageFolder, Machine, Trouble};

use crate::args::Args;
use crate::report::Report;

const ERROR: Style = AnsiColor::Red.on_default().bold();

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{ERROR}error{ERROR:#}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    if let Some(directory) = &args.directory {
        std::env::set_current_dir(directory).with_context(|| directory.display().to_string())?;
    }
    let images = match &args.images {
        Some(folder) => ImageFolder::open(folder)?,
        None => ImageFolder::of_board(&args.board)?,
    };
    let stop = stop_signal()?;
    let mut builder = Machine::builder(&images).interrupted_by(Arc::clone(&stop));
    if let Some(log) = &args.log {
        builder = builder.log(log);
    }
    if let Some(flash) = &args.keep_flash {
        builder = builder.keep_flash(flash);
    }
    let mut machine = builder.power_on()?;
    let done = if args.shell {
        terminal::attach(&machine, &stop)
    } else {
        boot(args, &machine, &stop)
    };
    machine.power_cut();
    match done {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if was_interrupted(&error) => {
            eprintln!("interrupted");
            // What a shell reports for a program that Ctrl-C ended.
            Ok(ExitCode::from(128 + 2))
        }
        Err(error) => Err(error),
    }
}

/// Boots, asks the server everything, prints the summary, and serves where asked to.
fn boot(args: &Args, machine: &Machine, stop: &AtomicBool) -> Result<()> {
    let board = machine.images().board();
    let title = board.title.as_deref().unwrap_or(&board.name);
    let first_answer = progress::show(machine, &format!("booting {title}"), || {
        machine.wait_until_up()
    })?;
    let report = Report::collect(machine, first_answer)?;
    report.print(machine.images())?;
    if args.record {
        report.record(machine.images())?;
    }
    let mut out = io::stdout().lock();
    if args.serve {
        writeln!(out, "\nserving http://{} until Ctrl-C", machine.server()?)?;
        out.flush()?;
        serve(machine, stop)?;
    }
    Ok(())
}

/// Waits for a signal, as long as QEMU lives.
fn serve(machine: &Machine, stop: &AtomicBool) -> Result<()> {
    let console = machine.console()?;
    while !stop.load(Ordering::Relaxed) {
        if console.is_closed() {
            bail!(
                "QEMU ended; the console's log is {}",
                machine.keep_log().display()
            );
        }
        console.wait_beyond(console.mark(), Duration::from_millis(200));
    }
    Ok(())
}

/// A flag that the first signal sets; the second one ends the program at once.
fn stop_signal() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .context("catching signals")?;
    }
    Ok(stop)
}

fn was_interrupted(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<tinyrust_qemu::Error>()
        .and_then(tinyrust_qemu::Error::trouble)
        .is_some_and(|trouble| *trouble == Trouble::Interrupted)
}
