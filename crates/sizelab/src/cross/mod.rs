//! `cargo xtask cross`: the server built by cross in a container, or by cargo-zigbuild, and how it
//! compares with the direct build's.

mod boot;
mod container;
mod definition;
mod in_container;
mod job;
mod record;
mod zigbuild;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use buildkit::apt;
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::step::Steps;
use direct::cargo_build::{self, App};
use direct::cargo_call::{CargoCall, Programs};
use direct::context::Context;
use direct::programs;
use direct::setup;

use job::{Built, Comparison, Job, With};

pub use definition::{all as definitions, cross_toml};
pub use record::block;

#[derive(Args)]
pub struct Arguments {
    /// The board, a folder in boards/
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    /// The tool that builds the server
    #[arg(long, value_enum, default_value_t = With::Container)]
    with: With,
    /// The size profile, a table in app/profiles.toml [default: the one in board.toml]
    #[arg(long)]
    profile: Option<String>,
    /// Parallel jobs of cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
    /// Boot the board's image with that server
    #[arg(long)]
    boot: bool,
    /// Record the measurements in docs/measurements/cross.json
    #[arg(long)]
    record: bool,
}

impl Arguments {
    /// Builds the server both ways, compares, and boots it where that is asked for.
    pub fn run(self, repo: Repo) -> Result<()> {
        let context = Context::new(repo, &self.board, self.jobs)?;
        setup::require(&context.board, &context.rustc)?;
        install(self.with)?;
        let rust = context.board.require(&context.board.rust, "rust")?;
        let profile = self.profile.unwrap_or_else(|| rust.profile.clone());
        let logs = context.repo.logs("cross").join(&self.board);
        let steps = Steps::new(self.with.steps(), &logs);
        steps.stop_on_signals()?;
        let (direct, built) = build(&context, &profile, self.with, &steps)?;
        drop(steps);

        let server = built.app.program("tinyrust");
        let comparison = Comparison {
            direct: size(&direct.program("tinyrust"))?,
            built: size(&server)?,
        };
        println!("{}", server.display());
        println!("{}", comparison.sentence(&self.board, self.with));
        if self.with == With::Container {
            comparison.check(&self.board)?;
        }
        let mut booted = Ok(None);
        if self.boot {
            booted = boot::run(&context, &profile, self.with, &server).map(Some);
        } else {
            println!(
                "to boot it: cargo xtask image --board {0} --server {1} && ./qemu/run.sh \
                 --images out/{0}.server",
                self.board,
                server.display()
            );
        }
        if self.record {
            record::add(
                &context,
                self.with,
                &built.tools,
                &comparison,
                self.boot,
                &booted,
            )?;
        }
        booted.map(drop)
    }
}

/// Debian's packages for it.
fn install(with: With) -> Result<()> {
    let wanted = match with {
        With::Container => container::PACKAGES
            .map(|(package, _)| package.to_owned())
            .to_vec(),
        With::Zigbuild => vec!["python3-venv".to_owned()],
    };
    let missing = apt::missing(&wanted)?;
    if !missing.is_empty() {
        println!("installing with apt-get: {}", missing.join(" "));
        apt::install(&missing)?;
        let still = apt::missing(&missing)?;
        ensure!(still.is_empty(), "not installed: {}", still.join(" "));
    }
    Ok(())
}

fn build(context: &Context, profile: &str, with: With, steps: &Steps) -> Result<(App, Built)> {
    let toolchain = programs::toolchain(context, steps)?;
    let direct = steps.run("direct", |log| {
        // As for the image: it is built once.
        let call = CargoCall::new(context, &toolchain, profile, Programs::All)?;
        cargo_build::build(context, &toolchain, &call, log)
    })?;
    let call = CargoCall::new(context, &toolchain, profile, Programs::Server)?;
    let job = Job {
        context,
        toolchain: &toolchain,
        call: &call,
        steps,
    };
    let built = match with {
        With::Container => in_container::build(&job)?,
        With::Zigbuild => zigbuild::build(&job)?,
    };
    Ok((direct, built))
}

fn size(path: &PathBuf) -> Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}
