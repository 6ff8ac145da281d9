//! `cargo xtask releases`: which releases of Buildroot and OE-Core this tree was shown to work
//! with, and what was shown.
//!
//! A record is of what ran: this command records what it ran itself; a build or a boot that
//! somebody ran by hand is recorded by an option of its own.

mod buildroot;
mod oe_core;
mod record;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::Repo;
use buildkit::command::{output, tool};

use buildroot::Buildroot;
use oe_core::OeCore;
pub use record::block;
use record::{Outcome, Release, Shown, Stage};

/// What `cargo xtask releases` takes. BUILDROOTS holds the paths of Buildroot checkouts, OEROOTS
/// those of OE-Core checkouts, each with its bitbake in it or beside it (tests/yocto/harness says
/// what else it needs).
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Record a build with a release: the release's name in the table, and what was built
    #[arg(long, num_args = 2, value_names = ["RELEASE", "WHAT"])]
    built: Option<Vec<String>>,
    /// Record a boot with a release: the release's name in the table, and what ran
    #[arg(long, num_args = 2, value_names = ["RELEASE", "WHAT"])]
    booted: Option<Vec<String>>,
}

impl Arguments {
    /// Loads and plans with each checkout of BUILDROOTS and OEROOTS, records what came of it, and
    /// prints the table.
    ///
    /// # Errors
    /// When a checkout is none, or one of them failed: the record says so as well.
    pub fn run(&self, repo: &Repo) -> Result<()> {
        let now = Now::of(repo)?;
        let by_hand = [(Stage::Builds, &self.built), (Stage::Boots, &self.booted)];
        for (stage, said) in by_hand {
            if let Some([release, what]) = said.as_deref() {
                record::by_hand(repo, release, stage, now.shown(what))?;
            }
        }
        let mut failed = Vec::new();
        for path in checkouts("BUILDROOTS")? {
            let buildroot = Buildroot::open(&path)?;
            let (name, rust) = (buildroot.name(), buildroot.rust.clone());
            let work = repo.path("out/releases").join(&buildroot.version);
            let loads = || buildroot.loads(repo, &work);
            failed.extend(one(repo, &now, &name, &rust, loads, || {
                buildroot.plans(&work)
            })?);
        }
        for path in checkouts("OEROOTS")? {
            let core = OeCore::open(&path)?;
            let (name, rust) = (core.name(), core.rust.clone());
            failed.extend(one(
                repo,
                &now,
                &name,
                &rust,
                || core.loads(repo),
                || core.plans(repo),
            )?);
        }
        print!("{}", record::block(repo, "")?);
        ensure!(failed.is_empty(), "failed:\n  {}", failed.join("\n  "));
        Ok(())
    }
}

/// Loads and plans with one release and records it; gives what failed.
fn one(
    repo: &Repo,
    now: &Now,
    name: &str,
    rust: &str,
    loads: impl FnOnce() -> Result<String>,
    plans: impl FnOnce() -> Result<String>,
) -> Result<Vec<String>> {
    println!("== {name}, Rust {rust}");
    let mut failed = Vec::new();
    let mut stages = Vec::new();
    for (stage, result) in [(Stage::Loads, loads()), (Stage::Plans, plans())] {
        let outcome = match result {
            Ok(what) => now.shown(&what),
            Err(error) => {
                failed.push(format!("{name} {}: {error:#}", stage.verb()));
                now.failed(&format!("{error:#}"))
            }
        };
        stages.push((stage, outcome));
    }
    record::change(repo, |all| {
        let entry = all.entry(name.to_owned());
        let entry = entry.or_insert_with(|| Release::of_rust(rust));
        rust.clone_into(&mut entry.rust);
        for (stage, outcome) in stages {
            entry.add(stage, outcome);
        }
    })?;
    Ok(failed)
}

/// The paths in a variable of the environment.
fn checkouts(variable: &str) -> Result<Vec<PathBuf>> {
    let said = std::env::var(variable).unwrap_or_default();
    let absolute = |path| {
        std::fs::canonicalize(path).with_context(|| {
            format!(
                "{variable}: {path} is not a \
            checkout"
            )
        })
    };
    said.split_whitespace().map(absolute).collect()
}

/// When a thing was shown, and of which revision.
struct Now {
    date: String,
    revision: String,
}

impl Now {
    fn of(repo: &Repo) -> Result<Self> {
        let date = output(tool("date").args(["-u", "+%Y-%m-%d"]))?;
        Ok(Self {
            date: date.trim().to_owned(),
            revision: repo.revision(),
        })
    }

    fn shown(&self, what: &str) -> Outcome {
        Outcome::Shown(self.of_what(what))
    }

    fn failed(&self, what: &str) -> Outcome {
        Outcome::Failed(self.of_what(what))
    }

    fn of_what(&self, what: &str) -> Shown {
        Shown {
            what: what.lines().next().unwrap_or_default().trim().to_owned(),
            date: self.date.clone(),
            revision: self.revision.clone(),
        }
    }
}

/// The value of `NAME = …` in a makefile.
fn assigned(path: &Path, name: &str) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("not a Buildroot checkout: cannot read {}", path.display()))?;
    for line in text.lines() {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let value = line.strip_prefix(name).map(str::trim_start);
        let value =
            value.and_then(|rest| rest.strip_prefix(":=").or_else(|| rest.strip_prefix('=')));
        if let Some(value) = value {
            return Ok(value.trim().to_owned());
        }
    }
    bail!(
        "not a Buildroot checkout: {} does not set {name}",
        path.display()
    )
}

/// What a command says, on both channels.
fn run(command: &mut Command) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()?;
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    let said = String::from_utf8_lossy(&stdout).into_owned() + &stderr;
    if !status.success() {
        // make's, and the harness's.
        let why = |line: &&str| line.contains("***") || line.contains("FAILED");
        bail!("{}", said.lines().find(why).unwrap_or(stderr.trim()).trim());
    }
    Ok(said)
}
