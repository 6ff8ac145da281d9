//! `cargo xtask flags`: what other flags would do to the server on each board's CPU.

mod candidates;
mod effect;
mod record;

use anyhow::{Result, ensure};
use clap::Args;

use crate::apps;
use buildkit::checkout::Repo;
use direct::cargo_call::Programs;
use direct::context::Context;

pub use effect::{Effect, first_error};
use record::Measured;
pub use record::block;

#[derive(Args)]
pub struct Arguments {
    /// Measure only this board (repeatable)
    #[arg(long = "board", value_name = "BOARD")]
    boards: Vec<String>,
    /// Parallel jobs of cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

impl Arguments {
    /// Measures each change of boards/BOARD/flags.toml alone, into docs/measurements/flags.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        let mut boards = self.boards;
        if boards.is_empty() {
            boards = repo.boards()?;
            boards.retain(|board| candidates::path(repo, board).is_file());
        }
        for board in boards {
            let context = Context::new(repo.clone(), &board, self.jobs)?;
            record::add(repo, &board, measure(context, &board)?)?;
        }
        println!("`cargo xtask docs` prints the figures into the documentation");
        Ok(())
    }
}

fn measure(mut context: Context, board: &str) -> Result<Measured> {
    let tried = candidates::load(&context.repo, board)?;
    let path = candidates::path(&context.repo, board);
    ensure!(
        !tried.is_empty(),
        "{} names no flags to measure",
        context.repo.shown(&path)
    );
    // As for the image, which has it then.
    let server = apps::measure(&context, None, Programs::All)?;
    let own = context.board.require(&context.board.rust, "rust")?.clone();
    let mut changes = std::collections::BTreeMap::new();
    for candidate in tried {
        println!("== {board}: {}", candidate.title);
        let mut changed = own.clone();
        changed.rustflags = candidate.apply(&own.rustflags)?;
        context.board.rust = Some(changed);
        let effect = Effect::of(apps::measure(&context, None, Programs::Server))?;
        changes.insert(candidate.title, effect);
    }
    Ok(Measured {
        rustc: context.rustc.version.clone(),
        revision: Some(context.repo.revision()),
        server,
        changes,
    })
}
