//! The article's table: `docs/ladder/2018.json`.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::schema;
use buildkit::files::read_json;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    schema: u32,
    /// What was measured, with which compiler, and for which target.
    pub program: String,
    pub compiler: String,
    pub target: String,
    pub rows: Vec<ArticleRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleRow {
    /// `dev` or `release`.
    pub build: String,
    /// The modifications in the article's words.
    pub label: String,
    /// The same as steps of ours.
    pub steps: Vec<String>,
    pub bytes: u64,
}

impl Article {
    pub fn read(path: &Path) -> Result<Self> {
        let article: Self = read_json(path)?;
        schema::require(path, &article.schema, &1)?;
        Ok(article)
    }

    /// The size of a build's first row: its baseline.
    pub fn baseline(&self, build: &str) -> Result<u64> {
        self.bytes(build, &[])
            .with_context(|| format!("the table has no plain {build} build"))
    }

    /// The size of some steps on a build.
    pub fn bytes(&self, build: &str, steps: &[String]) -> Option<u64> {
        let row = |row: &&ArticleRow| row.build == build && row.steps == steps;
        self.rows.iter().find(row).map(|row| row.bytes)
    }
}
