//! Boots a device from an emulated flash chip and shows that it answers: what
//! `qemu/run.sh` runs.

mod args;
mod other;
mod progress;
mod report;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use clap::Parser;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tinyrust_qemu::{Diagnosis, ImageFolder, Machine};

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
        None => ImageFolder::of_board(&args.folder())?,
    };
    let stop = Stop::on_signals()?;
    let mut builder = Machine::builder(&images).interrupted_by(Arc::clone(&stop.flag));
    if let Some(log) = &args.log {
        builder = builder.log(log);
    }
    if let Some(flash) = &args.keep_flash {
        builder = builder.keep_flash(flash);
    }
    let mut machine = builder.power_on()?;
    let done = if args.shell {
        terminal::attach(&machine, &stop.flag)
    } else {
        boot(args, &machine, &stop.flag)
    };
    machine.power_cut();
    match done {
        // Ctrl-C is how --serve is left.
        Ok(()) if stop.signal() == SIGINT => Ok(ExitCode::SUCCESS),
        Ok(()) => Ok(stop.exit_code()),
        Err(error) if was_interrupted(&error) => {
            eprintln!("interrupted");
            Ok(stop.exit_code())
        }
        Err(error) => Err(error),
    }
}

/// Boots, asks the server everything, prints the summary, and serves where asked to.
fn boot(args: &Args, machine: &Machine, stop: &AtomicBool) -> Result<()> {
    let board = machine.images().board();
    let title = board.title.as_deref().unwrap_or(&board.name);
    // The image says where another program answers.
    let paths = match (&args.paths[..], &board.server) {
        ([], Some(server)) => vec![server.path.clone()],
        (paths, _) => paths.to_vec(),
    };
    let first_answer = progress::show(machine, &format!("booting {title}"), || {
        match paths.first() {
            Some(path) => other::wait(machine, path),
            None => Ok(machine.wait_until_up()?),
        }
    })?;
    let report = Report::collect(machine, first_answer, &paths)?;
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
                "QEMU has ended; the console's log is {}",
                machine.keep_log().display()
            );
        }
        console.wait_beyond(console.mark(), Duration::from_millis(200));
    }
    Ok(())
}

/// What the first signal sets; the second one ends the program at once.
struct Stop {
    flag: Arc<AtomicBool>,
    /// Which it was; 0 while there was none.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    fn on_signals() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let status = 128 + signal;
            let value = usize::try_from(signal)?;
            signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&flag))
                .and_then(|_| signal_hook::flag::register_usize(signal, Arc::clone(&number), value))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
                .context("catching signals")?;
        }
        Ok(Self {
            flag,
            signal: number,
        })
    }

    fn signal(&self) -> i32 {
        i32::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// What a shell reports for a program that the signal ended; success without one.
    fn exit_code(&self) -> ExitCode {
        match u8::try_from(self.signal()) {
            Ok(signal) if signal > 0 => ExitCode::from(128 + signal),
            _ => ExitCode::SUCCESS,
        }
    }
}

fn was_interrupted(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<tinyrust_qemu::Error>()
        .and_then(tinyrust_qemu::Error::diagnosis)
        .is_some_and(|diagnosis| *diagnosis == Diagnosis::Interrupted)
}
