//! `cargo xtask prices`: what an application pays for each thing it wants.

mod record;
pub mod workshop;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use board::units::Bytes;
use clap::Args;
use serde::Deserialize;

use crate::apps::{self, ServerSize};
use crate::flags::Effect;
use crate::ladder::board_target;
use crate::ladder::serve::Launch;
use crate::schema;
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::files::read_toml;
use direct::context::Context;

use record::Measured;
pub use record::{block, on_flash};
use workshop::{Source, Workshop};

/// The program that the others are compared with.
const BASE: &str = "hello";

#[derive(Args)]
pub struct Arguments {
    /// Use this board (repeatable) [default: the default board]
    #[arg(long = "board", value_name = "BOARD")]
    boards: Vec<String>,
    /// Measure only programs whose name starts with this (repeatable)
    #[arg(value_name = "PROGRAM")]
    names: Vec<String>,
    /// Parallel jobs of cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

/// crates/sizelab/prices.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    #[serde(rename = "price")]
    prices: Vec<Price>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Price {
    program: String,
    #[serde(rename = "for")]
    wish: String,
    with: String,
    #[serde(default = "base")]
    than: String,
    /// Of crates/sizelab/sources.toml: the program compiles it.
    c_library: Option<String>,
}

fn base() -> String {
    BASE.to_owned()
}

fn load(repo: &Repo) -> Result<Vec<Price>> {
    let path = repo.path("crates/sizelab/prices.toml");
    let file: File = read_toml(&path)?;
    schema::require(&path, &file.schema, &1)?;
    Ok(file.prices)
}

impl Arguments {
    /// Builds and measures each program, into docs/measurements/prices.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        let prices = load(repo)?;
        let names = [BASE].into_iter();
        let names = names.chain(prices.iter().map(|price| price.program.as_str()));
        let wanted = |name: &&str| {
            self.names.is_empty() || self.names.iter().any(|start| name.starts_with(start))
        };
        let names = names.filter(wanted).collect::<Vec<_>>();
        ensure!(
            !names.is_empty(),
            "no program in crates/sizelab/prices.toml starts with {}",
            self.names.join(" or ")
        );
        let boards = match self.boards.is_empty() {
            true => vec![DEFAULT_BOARD.to_owned()],
            false => self.boards,
        };
        let mut failed = Vec::new();
        for board in boards {
            let context = Context::new(repo.clone(), &board, self.jobs)?;
            let workshop = Workshop::open(&context)?;
            for name in &names {
                println!("== {board}: {name}");
                let measured = Measured {
                    revision: repo.revision(),
                    program: Effect::of(measure(&workshop, name, &prices))?,
                };
                if let Effect::Fails { fails } = &measured.program {
                    failed.push(format!("{board}, {name}: {fails}"));
                }
                record::add(repo, &board, name, measured)?;
            }
        }
        println!("`cargo xtask docs` prints the figures into the documentation");
        match failed.is_empty() {
            true => Ok(()),
            false => bail!("not measured:\n  {}", failed.join("\n  ")),
        }
    }
}

/// Builds a program, and measures it.
fn measure(workshop: &Workshop, name: &str, prices: &[Price]) -> Result<ServerSize> {
    let price = prices.iter().find(|price| price.program == name);
    let source = Source {
        name,
        example: false,
        // Each has a feature of its own name.
        features: name.to_owned(),
        c_library: price.and_then(|price| price.c_library.as_deref()),
    };
    let program = workshop.build(&source, "programs")?;
    answers(&program, &workshop.rust()?.target)?;
    Ok(ServerSize {
        elf: Bytes(fs::metadata(&program)?.len()),
        flash: apps::flash(workshop.context, &program)?,
    })
}

/// What does not run has no price.
fn answers(program: &Path, target: &str) -> Result<()> {
    let runner = board_target::runner(target)?;
    let launch = Launch::program(program, Some(&runner), "{address}");
    launch.start_and_expect(None).map(drop)
}
