//! `cargo xtask matrix`: boards one after the other, each built, booted and tested, and what came
//! of it in one table.

mod select;
mod summary;

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use buildkit::checkout::Repo;
use buildkit::command::{Stopped, tool};
use buildkit::processor;
use direct::context::Context;
use direct::programs::Wishes;
use direct::{image, setup};
use sizelab::records::{measurement, suite};

use summary::{BoardResult, Tests};

#[derive(Args)]
pub struct Arguments {
    /// Use only this board (repeatable)
    #[arg(long = "board", value_name = "BOARD", conflicts_with = "rotate")]
    boards: Vec<String>,
    /// Use the default board and one other, which the commit selects
    #[arg(long)]
    rotate: bool,
    /// Measure start time and memory of the booted device, and write docs/measurements/BOARD.json
    #[arg(long)]
    record: bool,
    /// Parallel jobs of each make and cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

impl Arguments {
    pub fn run(self, repo: &Repo) -> Result<()> {
        let chosen = if self.rotate {
            select::rotated(repo)?
        } else {
            select::named(repo, &self.boards)?
        };
        for line in &chosen.said {
            println!("{line}");
        }
        each(&chosen.boards, |board| {
            let context = Context::new(repo.clone(), board, self.jobs)?;
            // What the emulator needs as well.
            setup::run(repo, &context.board, false)?;
            let mut row = built(&context)?;
            row.tests = Some(tested(repo, board, self.record)?);
            if self.record {
                measurement::run(repo, &context.board)?;
            }
            Ok(row)
        })
    }
}

/// `cargo xtask image --all`.
pub fn images(repo: &Repo, jobs: Option<usize>, wishes: &Wishes) -> Result<()> {
    each(&repo.boards()?, |board| {
        let context = Context::new(repo.clone(), board, jobs)?;
        image_of(&context, wishes)
    })
}

/// Does the same for each board, prints the table, and fails where one failed.
fn each(boards: &[String], work: impl Fn(&str) -> Result<BoardResult>) -> Result<()> {
    let mut rows = Vec::new();
    for board in boards {
        println!("== {board}");
        let (clock, processor) = (Instant::now(), children_seconds()?);
        let result = work(board);
        if result.as_ref().is_err_and(|error| error.is::<Stopped>()) {
            return result.map(drop);
        }
        if let Err(error) = &result {
            eprintln!("error: {board}: {error:#}");
        }
        rows.push(summary::Line {
            board: board.clone(),
            result: result.map_err(|error| format!("{error:#}")),
            clock: clock.elapsed().as_secs_f64(),
            processor: children_seconds()? - processor,
        });
    }
    println!("\n{}", summary::table(&rows));
    let failed = rows.iter().filter(|row| row.result.is_err());
    let failed = failed.map(|row| row.board.as_str()).collect::<Vec<_>>();
    ensure!(
        failed.is_empty(),
        "{} of {} boards failed: {}",
        failed.len(),
        rows.len(),
        failed.join(", ")
    );
    Ok(())
}

fn built(context: &Context) -> Result<BoardResult> {
    image_of(context, &Wishes::default())
}

fn image_of(context: &Context, wishes: &Wishes) -> Result<BoardResult> {
    let report = image::run(context, wishes)?;
    let component = |name: &str| {
        let row = report.components.iter().find(|row| row.name == name);
        row.map(|row| row.usage.used)
    };
    Ok(BoardResult {
        server: component("server"),
        slot: report.slots.first().map(|slot| slot.usage),
        chip: report.chip.usage,
        tests: None,
    })
}

/// The boot tests of an image, after a first boot that is measured where that is wanted.
fn tested(repo: &Repo, board: &str, record: bool) -> Result<Tests> {
    let mut cargo = tool("cargo");
    cargo.current_dir(repo.root());
    if record {
        cargo
            .args(["run", "--quiet", "--bin", "tinyrust-boot"])
            .args(["--", "--record", "--board", board]);
        succeed(&mut cargo, "the boot")?;
    }
    let suite = suite::run(repo, board)?;
    Ok(Tests {
        passed: suite.passed,
        not_applicable: suite.not_applicable.len(),
    })
}

fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("{what} failed: {status}");
    }
    Ok(())
}

/// What this program's children have used of the processors so far.
fn children_seconds() -> Result<f64> {
    processor::seconds(std::process::id(), processor::OF_CHILDREN)
}
