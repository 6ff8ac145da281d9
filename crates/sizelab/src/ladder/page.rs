//! What the page of the ladder is made of.

use anyhow::Result;

use super::article::Article;
use super::bench::ARTICLE_TARGET;
use super::record::{Named, Record, Row, ladder_id, record_path};
use super::step::Steps;
use buildkit::checkout::Repo;

/// Everything that the page is made of. What was not measured shows as a dash;
/// `cargo xtask ladder --check` says what is missing.
pub struct Page<'a> {
    /// The checkout.
    pub repo: &'a Repo,
    /// The article's table.
    pub article: Article,
    /// The steps.
    pub steps: Steps,
    /// The rows on the article's target.
    pub native: Record,
}

impl<'a> Page<'a> {
    /// Reads the committed measurements.
    ///
    /// # Errors
    /// When one is not understood.
    pub fn new(repo: &'a Repo) -> Result<Self> {
        Ok(Self {
            repo,
            article: Article::read(&repo.path("docs/ladder/2018.json"))?,
            steps: Steps::read(&repo.path("crates/sizelab/steps.toml"))?,
            native: read(repo, ARTICLE_TARGET)?,
        })
    }

    /// A row of the article's target.
    pub fn row(&self, build: &str, steps: &[String]) -> Option<&Row> {
        self.native.row(&ladder_id(build, steps))
    }

    /// The size of a row's file.
    pub fn elf(&self, build: &str, steps: &[String]) -> Option<u64> {
        self.row(build, steps).map(|row| row.weight.elf)
    }
}

/// A committed record; an empty one where there is none.
///
/// # Errors
/// When it is not understood.
pub fn read<T>(repo: &Repo, part: &str) -> Result<Record<T>>
where
    T: Named + serde::de::DeserializeOwned + serde::Serialize,
{
    Ok(Record::read(&record_path(repo, part))?.unwrap_or_default())
}
