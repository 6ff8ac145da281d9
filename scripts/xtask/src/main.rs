//! The automation of this repository: `cargo xtask setup | image | app | measure | docs`.

mod blocks;
mod cache;
mod docs;
mod generate;
mod matrix;
mod new;
mod release;
mod releases;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};

use buildkit::checkout::{DEFAULT_BOARD, Repo};
use direct::cargo_call::Programs;
use direct::context::Context;
use direct::own_crate::Own;
use direct::programs::{self, Wishes};
use direct::{image, setup};
use sizelab::records::{measurement, option_costs};
use sizelab::{allocators, apps, compilers, cross, flags, foreign, ladder, prices, truth};

/// Builds tinyrust: sets up the machine, makes flash images, and keeps the documentation's figures up to date.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
#[command(after_help = "Examples:
  cargo xtask setup                  install what is missing
  cargo xtask image                  build out/BOARD/flash.bin and print its budget table
  cargo xtask image --all            do the same for every board
  cargo xtask app --example hello    build only the example, and print its size
  cargo xtask matrix                 build, boot and test every board

Slow steps are cached in $TINYRUST_CACHE (default ~/.cache/tinyrust).")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the build needs: Debian packages, the source of Rust's standard library
    Setup {
        #[command(flatten)]
        board: BoardArgument,
        /// Install what all boards and `make test` need
        #[arg(long, conflicts_with = "board")]
        all: bool,
        /// List what is missing, and change nothing
        #[arg(long)]
        check: bool,
    },
    /// Build the board's image folder, out/BOARD, with flash.bin, and print the budget table
    Image {
        #[command(flatten)]
        build: BuildArguments,
        /// Build every board, one after the other
        #[arg(long, conflicts_with_all = ["board", "server", "source", "upx"])]
        all: bool,
        /// Put this program in the server's place; the image folder is then out/BOARD.server
        #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "upx"])]
        server: Option<PathBuf>,
        #[command(flatten)]
        own: owncrate::Arguments,
        /// Copy this folder over the root file system, after everything else
        #[arg(long, value_name = "DIR")]
        overlay: Option<PathBuf>,
    },
    /// Build only the programs, and print their paths and sizes
    App {
        #[command(flatten)]
        build: BuildArguments,
        /// Build every board's server, and check it against the budgets in its board.toml
        #[arg(long, conflicts_with_all = ["board", "example", "upx"])]
        all: bool,
        /// Build only this example
        #[arg(long)]
        example: Option<Example>,
    },
    /// Create a crate of your own, with its Buildroot package and its Yocto recipe (docs/own-app.md)
    New {
        /// The folder to create; the crate gets its name
        #[arg(value_name = "DIR")]
        path: PathBuf,
    },
    /// Write docs/measurements/BOARD.json from the image in out/BOARD
    Measure {
        #[command(flatten)]
        board: BoardArgument,
    },
    /// Build the server with cross in a container (or with cargo-zigbuild), and compare it
    Cross(cross::Arguments),
    /// Measure the effect of other compiler flags on a board's server, into docs/measurements/flags.json
    Flags(flags::Arguments),
    /// Compare allocators in a program that allocates, into docs/measurements/allocators.json
    Allocators(allocators::Arguments),
    /// Build the server with every available Rust, into docs/measurements/compilers.json
    Compilers(compilers::Arguments),
    /// Take parts out of the image, and compare what that saves with what the report predicts, into
    /// docs/measurements/truth.json
    Truth(truth::Arguments),
    /// Build and boot released crates by other authors, into docs/measurements/crates.json
    Crates(foreign::Arguments),
    /// Measure what each feature of an application costs, into docs/measurements/prices.json
    Prices(prices::Arguments),
    /// Load and plan builds with the checkouts in BUILDROOTS and OEROOTS, and print the releases
    /// that this tree was shown to work with
    Releases(releases::Arguments),
    /// Set the version everywhere and date the changelog; once that is committed, pack the tarball
    Release {
        /// Three numbers, such as 1.0.0
        version: String,
    },
    /// Build, boot and test boards one after the other, with a table at the end
    Matrix(matrix::Arguments),
    /// Measure every step that made the program small, alone and stacked, into docs/ladder/
    Ladder(ladder::Arguments),
    /// List what the cache holds, and remove entries that were not used for a long time
    Cache(cache::Arguments),
    /// Copy the source files that a build fetches into a folder, for $TINYRUST_SOURCES
    Sources {
        /// The folder, which is created if necessary
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// Write all files derived from boards/, app/ and docs/measurements: for Buildroot, bitbake,
    /// cross and the documentation
    Generate(generate::Arguments),
    /// Record what an option of Buildroot's menu costs, from the images of a build with it
    Cost(option_costs::Args),
    /// Print the figures from docs/measurements and the boards into README.md and docs/
    Docs {
        /// Change nothing; fail if a block is stale or out/ holds another image
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args)]
struct BoardArgument {
    /// The board, a folder in boards/
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
}

#[derive(Args)]
struct BuildArguments {
    #[command(flatten)]
    board: BoardArgument,
    /// The size profile, a table in app/profiles.toml [default: the one in board.toml]
    #[arg(long)]
    profile: Option<String>,
    /// Parallel jobs of each make and cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
    /// Pack the programs with UPX, for root file systems that do not compress (docs/ladder.md)
    #[arg(long)]
    upx: bool,
}

impl BuildArguments {
    fn context(&self, repo: Repo) -> Result<Context> {
        Context::new(repo, &self.board.board, self.jobs)
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            profile: self.profile.clone(),
            upx: self.upx,
            ..Wishes::default()
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Example {
    /// Hello, world!
    Hello,
}

fn main() -> ExitCode {
    if let Some(code) = rustcheck::record::wrap() {
        return code;
    }
    // What is staged and packed must not depend on the user's mask.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let repo = Repo::find()?;
    match task {
        Task::Setup { board, all, check } => {
            let boards = if all {
                repo.boards()?
            } else {
                vec![board.board]
            };
            for name in boards {
                setup::run(&repo, &repo.board(&name)?, check)?;
            }
            if all {
                setup::for_tests(check)?;
            }
            Ok(())
        }
        Task::Image {
            build, all: true, ..
        } => matrix::images(&repo, build.jobs, &build.wishes()),
        Task::Image {
            build,
            server,
            own,
            overlay,
            ..
        } => {
            let mut context = build.context(repo)?;
            let own = own.request();
            ensure!(
                own.is_none() || !build.upx,
                "--upx is for the server: --crate builds a program for a compressed file system"
            );
            let own = own.map(|request| Own::prepare(&mut context, &request));
            let wishes = Wishes {
                own: own.transpose()?,
                server: server.map(std::path::absolute).transpose()?,
                overlay: overlay.map(std::path::absolute).transpose()?,
                ..build.wishes()
            };
            image::run(&context, &wishes).map(drop)
        }
        Task::App {
            build, all: true, ..
        } => apps::run(&repo, build.jobs, build.profile.as_deref()),
        Task::App { build, example, .. } => {
            let context = build.context(repo)?;
            // Without the image's other program it would be compiled once more for the image.
            let programs = match example {
                Some(Example::Hello) => Programs::Hello,
                None => Programs::All,
            };
            programs::run(&context, &build.wishes(), programs)
        }
        Task::New { path } => new::run(&repo, &path),
        Task::Measure { board } => {
            let board = repo.board(&board.board)?;
            measurement::run(&repo, &board)
        }
        Task::Cross(arguments) => arguments.run(repo),
        Task::Flags(arguments) => arguments.run(&repo),
        Task::Compilers(arguments) => arguments.run(&repo),
        Task::Truth(arguments) => arguments.run(&repo),
        Task::Crates(arguments) => arguments.run(&repo),
        Task::Allocators(arguments) => arguments.run(&repo),
        Task::Prices(arguments) => arguments.run(&repo),
        Task::Release { version } => release::run(&repo, &version),
        Task::Releases(arguments) => arguments.run(&repo),
        Task::Matrix(arguments) => arguments.run(&repo),
        Task::Ladder(arguments) => arguments.run(&repo),
        Task::Cache(arguments) => arguments.run(),
        Task::Sources { into } => sources::export(&repo, &into),
        Task::Generate(arguments) => arguments.run(&repo),
        Task::Cost(arguments) => option_costs::record(&arguments),
        Task::Docs { check } => docs::run(&repo, check),
    }
}
