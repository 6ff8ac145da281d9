//! `cargo xtask allocators`: what another allocator gives a program that allocates.
//!
//! The prices of `cargo xtask prices` say what an allocator costs on flash. Here the same program
//! ([`notes.rs`](../../prices/examples/notes.rs)) runs with each of them, on this machine, and is
//! asked in turns.

mod load;
mod record;

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use nix::sys::prctl::set_thp_disable;

use crate::figures::{quantile, rounded, sorted};
use crate::ladder::load::Client;
use crate::ladder::serve::{Launch, Server};
use crate::prices::workshop::{Source, Workshop};
use buildkit::checkout::Repo;
use direct::context::Context;

use load::{CLIENTS, NOTES, ask, fill, lengths};
pub use record::block;
use record::{Measured, Memory, Run};

/// The board whose programs this machine runs as they are.
const BOARD: &str = "x86-64-q35";

/// The C library's own, and the others by the feature that chooses them.
const ALLOCATORS: [&str; 4] = ["musl", "dlmalloc", "mimalloc", "talc"];

const WORKERS: [usize; 2] = [1, 4];

/// Each program is asked in so many turns, so often in each.
const TURNS: usize = 20;
const REQUESTS: usize = 5_000;

/// What an allocator gives back to the system it gives back by then.
const PAUSE: Duration = Duration::from_millis(1500);

#[derive(Args)]
pub struct Arguments {
    /// Parallel jobs of cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

impl Arguments {
    /// Builds, starts and asks the program with each allocator, into
    /// docs/measurements/allocators.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        ensure!(
            cfg!(target_arch = "x86_64"),
            "this command compares allocators in programs for {BOARD}, which this machine \
             cannot run"
        );
        // mimalloc asks for huge pages, and no board's kernel has any. The programs inherit this.
        set_thp_disable(true).context("cannot disable huge pages")?;
        let context = Context::new(repo.clone(), BOARD, self.jobs)?;
        let workshop = Workshop::open(&context)?;
        let mut programs = Vec::new();
        for allocator in ALLOCATORS {
            println!("== notes, {allocator}");
            let features = match allocator {
                "musl" => "notes".to_owned(),
                other => format!("notes,allocator-{other}"),
            };
            let source = Source {
                name: "notes",
                example: true,
                features,
                c_library: None,
            };
            let program = workshop.build(&source, &format!("notes-{allocator}"))?;
            println!("{} bytes", fs::metadata(&program)?.len());
            programs.push(Launch::program(&program, None, "{address}"));
        }
        let mut measured = Measured::new(repo.revision(), lengths(TURNS * REQUESTS));
        for workers in WORKERS {
            let runs = together(&programs, workers)?;
            for (allocator, run) in ALLOCATORS.into_iter().zip(runs) {
                println!("{allocator}, {workers} workers: {run:?}");
                measured.add(allocator, workers, run);
            }
        }
        record::save(repo, measured)?;
        println!("`cargo xtask docs` prints the figures into the documentation");
        Ok(())
    }
}

/// A program that runs, and what was seen of it.
struct Subject {
    server: Server,
    rates: Vec<f64>,
    memory: Vec<u64>,
}

/// All programs, asked in turns: what the machine does beside it meets each of them.
fn together(programs: &[Launch], workers: usize) -> Result<Vec<Run>> {
    let mut subjects = Vec::new();
    for launch in programs {
        let mut launch = launch.clone();
        launch.command.push(workers.to_string());
        let server = launch.start()?;
        let mut subject = Subject {
            server,
            rates: Vec::new(),
            memory: Vec::new(),
        };
        subject.look()?;
        fill(subject.server.address)?;
        subject.look()?;
        subjects.push(subject);
    }
    let count = subjects.len();
    for turn in 0..TURNS {
        for place in 0..count {
            // Who is asked first changes.
            let subject = &mut subjects[(turn + place) % count];
            let spent = || subject.server.processor_seconds();
            let before = spent()?;
            ask(subject.server.address, turn * REQUESTS, REQUESTS)?;
            let after = spent()?;
            let spent = before.zip(after).map(|(before, after)| after - before);
            let spent = spent.context("the kernel does not report the server's CPU time")?;
            #[allow(clippy::cast_precision_loss, reason = "some thousands")]
            subject.rates.push(REQUESTS as f64 / spent);
        }
    }
    for subject in &mut subjects {
        subject.look()?;
        let mut client = Client::connect(subject.server.address)?;
        client.ask(b"DELETE /notes HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        std::thread::sleep(PAUSE);
        subject.look()?;
    }
    let base = subjects[0].rates.clone();
    subjects.iter().map(|subject| subject.run(&base)).collect()
}

impl Subject {
    fn look(&mut self) -> Result<()> {
        self.memory.push(self.server.memory()?.total);
        Ok(())
    }

    fn run(&self, base: &[f64]) -> Result<Run> {
        let ratios = self.rates.iter().zip(base).map(|(own, base)| own / base);
        let ratios = sorted(ratios.collect());
        let at = |part| quantile(&ratios, part).map(|ratio| rounded(ratio, 100.0));
        let [started, filled, asked, forgotten] = self.memory[..] else {
            anyhow::bail!("the memory was read {} times", self.memory.len());
        };
        Ok(Run {
            requests: at(0.5).context("no turn")?,
            quartiles: at(0.25).zip(at(0.75)).context("no turn")?,
            resident_kib: Memory {
                started,
                filled,
                asked,
                forgotten,
            },
        })
    }
}
