//! `cargo xtask compilers`: the server by every Rust that is to be had.
//!
//! Who has another release of Buildroot or Yocto has another compiler, and who upgrades wants to
//! know what it costs.

mod debian;
mod record;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::apps;
use crate::flags::Effect;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::Log;
use direct::cargo_call::Programs;
use direct::context::Context;
use direct::rust_src::{self, Rustc};
use rustcheck::profiles::Version;

use record::Measured;
pub use record::block;

#[derive(Args)]
pub struct Arguments {
    /// Measure only this board (repeatable)
    #[arg(long = "board", value_name = "BOARD")]
    boards: Vec<String>,
    /// Add the toolchain in this folder (bin/rustc, bin/cargo, its rust-src) (repeatable)
    #[arg(long = "toolchain", value_name = "DIR")]
    toolchains: Vec<PathBuf>,
    /// Use only versions that start with this, such as 1.97 (repeatable)
    #[arg(long = "rust", value_name = "VERSION")]
    versions: Vec<String>,
    /// Parallel jobs of cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

impl Arguments {
    /// Builds the server with the checkout's Rust, with those of Debian's suites and with those
    /// given, into docs/measurements/compilers.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        let compilers = self.compilers(repo)?;
        ensure!(
            !compilers.is_empty(),
            "Debian's suites have no Rust {}; name a folder that has one with --toolchain",
            self.versions.join(", ")
        );
        let boards = match self.boards.is_empty() {
            true => repo.boards()?,
            false => self.boards,
        };
        for board in boards {
            let mut context = Context::new(repo.clone(), &board, self.jobs)?;
            for rustc in &compilers {
                println!("== {board}: Rust {}", rustc.version);
                context.rustc = rustc.clone();
                let server = Effect::of(apps::measure(&context, None, Programs::Server))?;
                let measured = Measured {
                    compiler: rustc.name().to_owned(),
                    revision: context.repo.revision(),
                    server,
                };
                record::add(repo, &board, &rustc.version, measured)?;
            }
        }
        println!("`cargo xtask docs` prints the figures into the documentation");
        Ok(())
    }

    /// Every compiler once, by version.
    fn compilers(&self, repo: &Repo) -> Result<Vec<Rustc>> {
        let wanted = |version: &str| {
            let any = self.versions.is_empty();
            any || self.versions.iter().any(|start| begins(version, start))
        };
        let mut all = vec![Rustc::find(repo.root())?];
        for folder in &self.toolchains {
            all.push(Rustc::in_sysroot(folder)?);
        }
        let cache = Cache::from_environment()?;
        let log = Log::create(&repo.logs("compilers").join("debian.log"))?;
        let oldest = rust_src::oldest()?;
        for found in debian::available(&cache, &log)? {
            let known = all.iter().any(|rustc| rustc.version == found.version);
            let too_old = Version::parse(&found.version)? < oldest;
            if known || too_old || !wanted(&found.version) {
                continue;
            }
            println!("Rust {} from Debian's {}", found.version, found.suite());
            all.push(Rustc::in_sysroot(&found.unpack(&cache, &log)?)?);
        }
        all.retain(|rustc| wanted(&rustc.version));
        all.sort_by_key(|rustc| Version::parse(&rustc.version).ok());
        Ok(all)
    }
}

/// Whether a version is `start` or one of its kind: 1.9 is not the beginning of 1.97.
fn begins(version: &str, start: &str) -> bool {
    let rest = version.strip_prefix(start.trim_end_matches('.'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_chosen_by_whole_numbers() {
        assert!(begins("1.97.1", "1.97") && begins("1.97.1", "1") && begins("1.97.1", "1.97.1"));
        assert!(!begins("1.97.1", "1.9") && !begins("1.97.1", "1.97.10"));
    }
}
