//! `cargo xtask truth`: whether the report predicts what an image shrinks by.
//!
//! Each cut of truth.toml is made in a copy of the checkout, the image is built there, and the
//! difference is compared with what `flashfit report --without` says of the image before it.

mod cuts;
mod record;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use flashfit::report::{self, Kind, Node, Options};

use buildkit::checkout::Repo;
use buildkit::files::remove;
use cuts::{Cut, Cuts};
use direct::context::Context;
use direct::image;
use direct::programs::Wishes;

use record::Measured;
pub use record::block;

#[derive(Args)]
pub struct Arguments {
    /// Measure only these cuts
    #[arg(value_name = "CUT")]
    cuts: Vec<String>,
    /// Parallel jobs of make and cargo [default: one per processor]
    #[arg(long)]
    jobs: Option<usize>,
}

impl Arguments {
    /// Makes the cuts, into docs/measurements/truth.json.
    pub fn run(self, repo: &Repo) -> Result<()> {
        let cuts = Cuts::load(repo)?;
        cuts.must_have(&self.cuts)?;
        let board = &cuts.board;
        println!("== the image as it is");
        // In a copy as well: the program has the revision in it, which a copy does not know.
        let copy = repo.path("out/.truth-before");
        remove(&copy)?;
        repo.copy_to(&copy)?;
        build(&Repo::at(&copy), board, self.jobs)?;
        let before = copy.join("out").join(board);
        for cut in cuts
            .cuts
            .iter()
            .filter(|cut| self.cuts.is_empty() || self.cuts.contains(&cut.name))
        {
            println!("== {}", cut.name);
            let measured = measure(repo, board, &before, cut, self.jobs)
                .with_context(|| format!("the cut `{}`", cut.name))?;
            println!("predicted {}, found {}", measured.predicted, measured.found);
            record::add(repo, board, &cut.name, measured)?;
        }
        remove(&copy)?;
        println!("`cargo xtask docs` prints the figures into the documentation");
        Ok(())
    }
}

fn build(repo: &Repo, board: &str, jobs: Option<usize>) -> Result<()> {
    let context = Context::new(repo.clone(), board, jobs)?;
    image::run(&context, &Wishes::default()).map(drop)
}

fn measure(
    repo: &Repo,
    board: &str,
    before: &Path,
    cut: &Cut,
    jobs: Option<usize>,
) -> Result<Measured> {
    let options = Options {
        without: cut.without.clone(),
        embedded: cut.embedded.iter().map(|file| repo.path(file)).collect(),
        ..Options::default()
    };
    let old = report::build(before, &options)?;
    let without = old
        .without
        .as_ref()
        .context("a report on what is left out")?;
    let copy = repo.path("out/.truth");
    remove(&copy)?;
    repo.copy_to(&copy)?;
    cut.make(&copy)?;
    build(&Repo::at(&copy), board, jobs)?;
    let new = report::build(&copy.join("out").join(board), &Options::default())?;
    let bytes = |root: &Node| {
        let found = find(root, &cut.image).with_context(|| format!("no part {}", cut.image))?;
        Ok::<u64, anyhow::Error>(found.on_flash.get() - padding(found))
    };
    let (was, is) = (bytes(&old.root)?, bytes(&new.root)?);
    // An option that another one selects, say.
    ensure!(
        was != is,
        "{} did not change: the cut took nothing out",
        cut.image
    );
    let measured = Measured {
        kind: cut.kind.clone(),
        revision: repo.revision(),
        on_flash: without.on_flash,
        predicted: without.saved,
        // A cut may add bytes; a table of another form, say.
        found: i64::try_from(was)? - i64::try_from(is)?,
        why: cut.why.clone(),
    };
    remove(&copy)?;
    Ok(measured)
}

fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let mut below = node.children.iter();
    match node.name == name {
        true => Some(node),
        false => below.find_map(|child| find(child, name)),
    }
}

/// The padding below a node: bytes that come and go with the size of a block.
fn padding(node: &Node) -> u64 {
    match node.kind {
        Kind::Padding => node.on_flash.get(),
        _ => node.children.iter().map(padding).sum(),
    }
}
