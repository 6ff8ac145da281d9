//! A server compiled by somebody else's cargo, as the direct build would compile it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use board::units::Bytes;
use clap::ValueEnum;

use buildkit::command::Log;
use buildkit::key::Key;
use buildkit::step::Steps;
use direct::cargo_build::{self, App, Recorder};
use direct::cargo_call::CargoCall;
use direct::context::Context;
use direct::toolchain::Toolchain;

/// How far the sizes of the same program may be apart, in parts of a hundred: the names of
/// symbols depend on the folder it is compiled in, and their order on the names.
const TOLERANCE: u64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum With {
    /// Build with cross, in a container of Debian packages
    Container,
    /// Build with cargo-zigbuild, with zig's C library and linker
    Zigbuild,
}

impl With {
    /// The steps of the comparison.
    pub fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Container => &[
                "sources",
                "toolchain",
                "direct",
                "cross",
                "container",
                "compile",
            ],
            Self::Zigbuild => &["sources", "toolchain", "direct", "zigbuild", "compile"],
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Zigbuild => "zigbuild",
        }
    }
}

pub struct Comparison {
    /// Bytes by the direct build.
    pub direct: u64,
    /// Bytes by the other one.
    pub built: u64,
}

/// What builds the server, and what was asked for.
pub struct Job<'a> {
    pub context: &'a Context,
    pub toolchain: &'a Toolchain,
    pub call: &'a CargoCall,
    pub steps: &'a Steps,
}

impl Job<'_> {
    /// The server by `command`, which is told what the direct build's cargo is told; from the
    /// cache folder `kind` where `key` and the direct build's inputs are the same. `command` gets a
    /// folder for scratch files and the step's log. `target_seen` is where cargo sees its target
    /// folder, where that is another place.
    pub fn compile(
        &self,
        kind: &str,
        key: Key,
        call: &CargoCall,
        target_seen: Option<&Path>,
        command: impl Fn(&Path, &Log) -> Result<Command>,
    ) -> Result<App> {
        let context = self.context;
        self.steps.run("compile", |log| {
            let direct = cargo_build::key(context, self.toolchain, call)?;
            let key = key.field("direct", direct.digest());
            let entry = context.cache.entry(kind, &key, log, |rooms| {
                let target_folder = rooms.work.join("target");
                let mut command = command(rooms.work, log)?;
                command
                    .current_dir(context.repo.path("app"))
                    .envs(call.environment.iter().map(|(name, value)| (name, value)))
                    .env("CARGO_TARGET_DIR", &target_folder)
                    // By its path: in rustup's list the one that is active bears a mark that
                    // cross does not know, and it would have rustup install it again.
                    .env("RUSTUP_TOOLCHAIN", &context.rustc.sysroot);
                let seen = target_seen.unwrap_or(&target_folder);
                let recorder = Recorder::new(&target_folder, seen)?;
                log.run(command.envs(recorder.environment()))?;
                let out = rooms.out;
                cargo_build::collect(&recorder, call, self.toolchain, &target_folder, out, log)
            })?;
            Ok(entry.map(App::at))
        })
    }
}

/// A server and the versions of what made it.
pub struct Built {
    pub app: App,
    pub tools: Vec<String>,
}

impl Comparison {
    /// By how much the other one is larger, in percent.
    pub fn percent(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let (direct, built) = (self.direct as f64, self.built as f64);
        (built - direct) * 100.0 / direct
    }

    pub fn sentence(&self, board: &str, with: With) -> String {
        format!(
            "{board}: {} bytes with {}, {} with the direct build: {:+.2} %",
            Bytes(self.built),
            with.name(),
            Bytes(self.direct),
            self.percent()
        )
    }

    /// Fails where the two are not the same program.
    pub fn check(&self, board: &str) -> Result<()> {
        let apart = self.direct.abs_diff(self.built);
        if apart * 100 > self.direct * TOLERANCE {
            bail!(
                "{board}: the container's server takes {} bytes, the direct build's {}: a \
                 difference of {}, {TOLERANCE} % allowed; the container's compiler may be \
                 outdated: remove its image with `podman image rm` and run this command again",
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
            "b: 201,000 bytes with container, 200,000 with the direct build: +0.50 %"
        );
    }
}
