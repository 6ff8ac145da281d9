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

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use flashfit::units::Bytes;

use crate::apt;
use crate::cargo_build::{self, App};
use crate::cargo_call::{CargoCall, Programs};
use crate::context::Context;
use crate::repo::{DEFAULT_BOARD, Repo};
use crate::setup;
use crate::step::Steps;
use crate::toolchain;

use job::{Built, Job};

pub use definition::{all as definitions, cross_toml};
pub use record::block;

/// How far the sizes of the same program may be apart, in parts of a hundred: the names of
/// symbols depend on the folder it is compiled in, and their order on the names.
const TOLERANCE: u64 = 1;

/// The command line.
#[derive(Args)]
pub struct Arguments {
    /// A folder of boards/
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    /// Who builds
    #[arg(long, value_enum, default_value_t = With::Container)]
    with: With,
    /// A table of app/profiles.toml; by default the one that board.toml names
    #[arg(long)]
    profile: Option<String>,
    /// Jobs of cargo; by default one per processor
    #[arg(long)]
    jobs: Option<usize>,
    /// Boot the board's image with that server in it
    #[arg(long)]
    boot: bool,
    /// Keep what was measured in docs/measurements/cross.json
    #[arg(long)]
    record: bool,
}

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum With {
    /// cross, in a container of Debian packages
    Container,
    /// cargo-zigbuild, with zig's C library and linker
    Zigbuild,
}

impl With {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Zigbuild => "zigbuild",
        }
    }
}

/// What was found.
struct Comparison {
    direct: u64,
    built: u64,
}

impl Arguments {
    /// Builds the server both ways, compares, and boots it where that is asked for.
    ///
    /// # Errors
    /// When something cannot be built, cross's server is not as large as the direct build's, or
    /// the image with it does not boot.
    pub fn run(self, repo: Repo) -> Result<()> {
        let mut context = Context::new(repo, &self.board, self.jobs)?;
        setup::require(&context.board, &context.rustc)?;
        install(self.with)?;
        let rust = context.board.require(&context.board.rust, "rust")?;
        let profile = self.profile.unwrap_or_else(|| rust.profile.clone());
        let logs = context.cache.root().join("logs/cross").join(&self.board);
        let steps = Steps::new(if self.with == With::Container { 6 } else { 5 }, &logs);
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
            booted = boot::run(&mut context, &profile, self.with, &server).map(Some);
        } else {
            println!(
                "boot it: cargo xtask image --board {0} --server {1} && ./qemu/run.sh --images \
                 out/{0}.server",
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
    let (linux, musl) = steps.run("sources", |log| {
        let note = |text: String| steps.note(&text);
        let linux = context.tree("linux", log, &note)?;
        Ok(((linux, context.tree("musl", log, &note)?), false))
    })?;
    let toolchain = steps.run("toolchain", |log| {
        toolchain::build(context, &musl, &linux, log)
    })?;
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

impl Comparison {
    /// By how much the other one is larger, in percent.
    fn percent(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let (direct, built) = (self.direct as f64, self.built as f64);
        (built - direct) * 100.0 / direct
    }

    fn sentence(&self, board: &str, with: With) -> String {
        format!(
            "{board}: {} bytes by {}, {} by the direct build: {:+.2} %",
            Bytes(self.built),
            with.name(),
            Bytes(self.direct),
            self.percent()
        )
    }

    fn check(&self, board: &str) -> Result<()> {
        let apart = self.direct.abs_diff(self.built);
        if apart * 100 > self.direct * TOLERANCE {
            bail!(
                "{board}: the container's server takes {} bytes, the direct build's {}: {} apart, \
                 {TOLERANCE} % allowed; is the container's compiler another one? (podman image rm \
                 and this command again make it anew)",
                Bytes(self.built),
                Bytes(self.direct),
                Bytes(apart)
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_either_way_is_the_same_and_more_is_not() {
        for (built, same) in [
            (100_000, true),
            (101_000, true),
            (99_000, true),
            (101_001, false),
            (98_999, false),
        ] {
            let comparison = Comparison {
                direct: 100_000,
                built,
            };
            assert_eq!(comparison.check("b").is_ok(), same, "{built}");
        }
    }

    #[test]
    fn the_sentence_has_both_sizes_and_the_sign() {
        let comparison = Comparison {
            direct: 200_000,
            built: 201_000,
        };
        assert_eq!(
            comparison.sentence("b", With::Container),
            "b: 201,000 bytes by container, 200,000 by the direct build: +0.50 %"
        );
    }
}
