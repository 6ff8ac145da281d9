//! `cargo xtask releases`: which releases of Buildroot and OE-Core this tree was shown to work
//! with, and what was shown.
//!
//! A record is of what ran: this command records what it ran itself; a build or a boot that
//! somebody ran by hand is recorded by an option of its own.

mod buildroot;
mod record;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::Repo;
use buildkit::command::{output, tool};

use buildroot::Buildroot;
pub use record::block;
use record::{Outcome, Release, Shown, Stage};

/// What `cargo xtask releases` takes; BUILDROOTS holds the paths of Buildroot checkouts.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Record that a release built: its name as in the table, and what was built how
    #[arg(long, num_args = 2, value_names = ["RELEASE", "WHAT"])]
    built: Option<Vec<String>>,
    /// Record that an image of a release booted: its name as in the table, and what ran
    #[arg(long, num_args = 2, value_names = ["RELEASE", "WHAT"])]
    booted: Option<Vec<String>>,
    /// Record that bitbake parsed a release of OE-Core with the layer, and what was parsed
    #[arg(long, num_args = 3, value_names = ["RELEASE", "RUST", "WHAT"])]
    parsed: Option<Vec<String>>,
    /// Record that bitbake planned an image of a release, and which
    #[arg(long, num_args = 2, value_names = ["RELEASE", "WHAT"])]
    planned: Option<Vec<String>>,
}

impl Arguments {
    /// Loads and plans with each Buildroot of BUILDROOTS, records what came of it, and prints the
    /// table.
    ///
    /// # Errors
    /// When a checkout is none, or one of them failed: the record says so as well.
    pub fn run(&self, repo: &Repo) -> Result<()> {
        let now = Now::of(repo)?;
        if let Some([release, rust, what]) = self.parsed.as_deref() {
            let new = Release::of_rust(rust);
            record::change(repo, |all| {
                let entry = all.entry(release.clone()).or_insert(new);
                entry.rust.clone_from(rust);
                entry.add(Stage::Loads, now.shown(what));
            })?;
        }
        let by_hand = [
            (Stage::Plans, &self.planned),
            (Stage::Builds, &self.built),
            (Stage::Boots, &self.booted),
        ];
        for (stage, said) in by_hand {
            if let Some([release, what]) = said.as_deref() {
                record::by_hand(repo, release, stage, now.shown(what))?;
            }
        }
        let failed = checkouts("BUILDROOTS")?
            .iter()
            .map(|path| one(repo, &now, path))
            .collect::<Result<Vec<Vec<String>>>>()?
            .concat();
        print!("{}", record::block(repo, "")?);
        ensure!(failed.is_empty(), "failed:\n  {}", failed.join("\n  "));
        Ok(())
    }
}

/// Loads and plans with one Buildroot; gives what failed.
fn one(repo: &Repo, now: &Now, path: &Path) -> Result<Vec<String>> {
    let buildroot = Buildroot::open(path)?;
    let name = buildroot.name();
    println!("== {name}, Rust {}", buildroot.rust);
    let work = repo.path("out/releases").join(&buildroot.version);
    let mut failed = Vec::new();
    let mut stages = Vec::new();
    for (stage, outcome) in [
        (Stage::Loads, buildroot.loads(repo, &work)),
        (Stage::Plans, buildroot.plans(&work)),
    ] {
        let outcome = match outcome {
            Ok(what) => now.shown(&what),
            Err(error) => {
                failed.push(format!("{name} {}: {error:#}", stage.verb()));
                now.failed(&format!("{error:#}"))
            }
        };
        stages.push((stage, outcome));
    }
    record::change(repo, |all| {
        let entry = all.entry(name);
        let entry = entry.or_insert_with(|| Release::of_rust(&buildroot.rust));
        entry.rust.clone_from(&buildroot.rust);
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
        std::fs::canonicalize(path).with_context(|| format!("{variable}: no checkout {path}"))
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
        .with_context(|| format!("no Buildroot: cannot read {}", path.display()))?;
    for line in text.lines() {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let value = line.strip_prefix(name).map(str::trim_start);
        let value =
            value.and_then(|rest| rest.strip_prefix(":=").or_else(|| rest.strip_prefix('=')));
        if let Some(value) = value {
            return Ok(value.trim().to_owned());
        }
    }
    bail!("no Buildroot: {} sets no {name}", path.display())
}
