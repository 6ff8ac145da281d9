//! What the page of the ladder is made of.

use anyhow::Result;

use crate::ladder::inputs::Inputs;
use crate::ladder::record::{Record, Row, ladder_id};
use crate::ladder::target::ARTICLE_TARGET;
use buildkit::checkout::Repo;

/// Everything that the page is made of. What was not measured shows as a dash;
/// `cargo xtask ladder --check` says what is missing.
pub struct PageData<'a> {
    pub repo: &'a Repo,
    pub inputs: Inputs,
    /// The rows on the article's target.
    pub native: Record,
}

impl<'a> PageData<'a> {
    pub fn new(repo: &'a Repo) -> Result<Self> {
        Ok(Self {
            repo,
            inputs: Inputs::read(repo)?,
            native: Record::load(repo, ARTICLE_TARGET)?,
        })
    }

    pub fn row(&self, build: &str, steps: &[String]) -> Option<&Row> {
        self.native.row(&ladder_id(build, steps))
    }

    pub fn elf(&self, build: &str, steps: &[String]) -> Option<u64> {
        self.row(build, steps).map(|row| row.sizes.elf)
    }
}
