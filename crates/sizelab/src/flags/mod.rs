//! `cargo xtask flags`: what other flags would do to the server on each board's CPU.

mod candidates;
mod record;

use anyhow::{Result, ensure};
use clap::Args;

use crate::apps;
use buildkit::checkout::Repo;
use buildkit::command::Stopped;
use direct::cargo_call::Programs;
use direct::context::Context;

pub use record::block;
use record::{Effect, Measured};

#[derive(Args)]
pub struct Arguments {
    /// Only this board; may be given more than once
    #[arg(long = "board", value_name = "BOARD")]
    boards: Vec<String>,
    /// Jobs of cargo; by default one per processor
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
        println!("`cargo xtask docs` prints the figures into the documents");
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
        let effect = match apps::measure(&context, None, Programs::Server) {
            Ok(size) => {
                println!("{} bytes, {} on flash", size.elf, size.flash);
                Effect::Size(size)
            }
            Err(error) if error.is::<Stopped>() => return Err(error),
            Err(error) => {
                eprintln!("{error:#}");
                Effect::Fails {
                    fails: first_error(&format!("{error:#}")),
                }
            }
        };
        changes.insert(candidate.title, effect);
    }
    Ok(Measured {
        rustc: context.rustc.version.clone(),
        revision: Some(context.repo.revision()),
        server,
        changes,
    })
}

/// Of a failed build's words the compiler's first error.
fn first_error(text: &str) -> String {
    let mut lines = text.lines().map(|line| line.trim_start_matches([' ', '|']));
    let error = lines.clone().find(|line| line.starts_with("error"));
    let line = error.or_else(|| lines.next()).unwrap_or_default();
    let words = line.split(' ').map(without_folder);
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// A word as any table can hold it: of a path on this machine the file's name.
fn without_folder(word: &str) -> String {
    let word = word.replace(['`', '|'], "");
    match word.rsplit_once('/') {
        Some((folder, name)) if folder.starts_with('/') => name.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failed_build_the_compilers_first_error_is_kept() {
        let text =
            "  | Compiling x\n  | error: no `such` feature\n  | error: aborting\nthe step app";
        assert_eq!(first_error(text), "error: no such feature");
        assert_eq!(
            first_error("error: linking with `/home/user/bin/x-gcc` failed"),
            "error: linking with x-gcc failed"
        );
        assert_eq!(first_error("no compiler"), "no compiler");
    }
}
