//! `cargo xtask crates`: released crates that nobody here wrote, in the server's place.

mod record;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Deserialize;

use crate::schema;
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::command::{Stopped, tool};
use buildkit::files::{read_json, read_toml};
use direct::context::Context;
use direct::image;
use direct::own_crate::Own;
use direct::programs::Wishes;
use flashfit::check::Report;
use owncrate::Request;

pub use record::block;
use record::{Answers, Measured, Outcome};

/// Files of ours for those that do not start without.
const FOLDER: &str = "crates/sizelab/foreign";

#[derive(Args)]
pub struct Arguments {
    /// Use this board (repeatable) [default: the default board]
    #[arg(long = "board", value_name = "BOARD")]
    boards: Vec<String>,
    /// Build only crates whose name starts with this (repeatable)
    #[arg(value_name = "CRATE")]
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    #[serde(rename = "crate")]
    crates: Vec<Foreign>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Foreign {
    #[serde(rename = "crate")]
    name: String,
    on: String,
    #[serde(default)]
    no_default_features: bool,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    update: Vec<String>,
    #[serde(default)]
    arguments: Vec<String>,
    port: Option<u16>,
    path: Option<String>,
    app: Option<PathBuf>,
}

impl Arguments {
    /// Builds and boots each, into docs/measurements/crates.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        let path = repo.path("crates/sizelab/crates.toml");
        let file: File = read_toml(&path)?;
        schema::require(&path, &file.schema, &1)?;
        let boards = match self.boards.is_empty() {
            true => vec![DEFAULT_BOARD.to_owned()],
            false => self.boards,
        };
        let names = &self.names;
        let wanted = |foreign: &Foreign| {
            names.is_empty() || names.iter().any(|name| foreign.name.starts_with(name))
        };
        for board in boards {
            for foreign in file.crates.iter().filter(|foreign| wanted(foreign)) {
                println!("== {board}: {}", foreign.title());
                let outcome = foreign.measure(repo, &board)?;
                let measured = Measured {
                    on: foreign.on.clone(),
                    set: foreign.set(),
                    outcome,
                };
                record::add(repo, &board, &foreign.title(), measured)?;
            }
        }
        println!("`cargo xtask docs` prints the figures into the documentation");
        Ok(())
    }
}

impl Foreign {
    /// The crate with its features, as one types it.
    fn title(&self) -> String {
        let mut words = vec![self.name.clone()];
        if self.no_default_features {
            words.push("--no-default-features".to_owned());
        }
        if !self.features.is_empty() {
            words.push(format!("--features {}", self.features.join(",")));
        }
        if !self.update.is_empty() {
            words.push(format!("--update {}", self.update.join(",")));
        }
        words.join(" ")
    }

    /// What else had to be set.
    fn set(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.port.map(|port| format!("--port {port}")));
        if self.app.is_some() {
            words.push("--app tinyrust.toml".to_owned());
        }
        if !self.arguments.is_empty() {
            words.push(format!("-- {}", self.arguments.join(" ")));
        }
        words.join(" ")
    }

    fn measure(&self, repo: &Repo, board: &str) -> Result<Outcome> {
        let request = Request {
            source: self.name.clone(),
            no_default_features: self.no_default_features,
            features: self.features.clone(),
            update: self.update.clone(),
            arguments: self.arguments.clone(),
            port: self.port,
            app: self.app.as_ref().map(|app| repo.path(FOLDER).join(app)),
            ..Request::default()
        };
        let mut context = Context::new(repo.clone(), board, None)?;
        let own = match Own::prepare(&mut context, &request) {
            Ok(own) => own,
            Err(error) => return Ok(Outcome::refused(&error)),
        };
        let bin = own.krate.bin.clone();
        let wishes = Wishes {
            own: Some(own),
            ..Wishes::default()
        };
        let out = repo.path("out");
        let images = out.join(wishes.output_name(&context));
        if let Err(error) = image::run(&context, &wishes) {
            // Ctrl-C says nothing of the crate.
            if error.chain().any(|cause| cause.is::<Stopped>()) {
                return Err(error);
            }
            eprintln!("{error:#}");
            let over = out.join(format!("{}.over-budget", wishes.output_name(&context)));
            return match format!("{error:#}").contains("over budget") {
                true => Ok(Outcome::TooLarge {
                    on_flash: on_flash(&over, &bin)?,
                }),
                false => Ok(Outcome::fails(&error)),
            };
        }
        let mut boot = tool("cargo");
        boot.current_dir(repo.root())
            .args(["run", "--quiet", "--bin", "tinyrust-boot", "--", "--record"])
            .arg("--images")
            .arg(&images);
        boot.args(self.path.iter().flat_map(|path| ["--path", path]));
        let status = boot.status().context("cannot run cargo")?;
        if !status.success() {
            return Ok(Outcome::Fails {
                fails: "it is built and does not answer".to_owned(),
            });
        }
        let told: Boot = read_json(&images.join("boot.json"))?;
        Ok(Outcome::Answers(Answers {
            elf: fs::metadata(images.join(&bin))?.len().into(),
            on_flash: on_flash(&images, &bin)?,
            rss: told.server_rss_bytes.map(Into::into),
        }))
    }
}

/// What a boot says of another program; times are those of a busy machine as well, and not kept.
#[derive(Deserialize)]
struct Boot {
    server_rss_bytes: Option<u64>,
}

fn on_flash(images: &Path, bin: &str) -> Result<board::units::Bytes> {
    let report = Report::load(&images.join("flashfit.json"))?;
    let end = format!("/{bin}");
    let mut rows = report.components.iter();
    let row = rows.find(|row| row.path.as_ref().is_some_and(|path| path.ends_with(&end)));
    let row = row.with_context(|| format!("{}: no {bin}", images.display()))?;
    ensure!(row.usage.used.get() > 0, "{bin} takes nothing");
    Ok(row.usage.used)
}
