//! The article's table: `docs/ladder/2018.json`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    schema: u32,
    /// What was measured.
    pub program: String,
    /// With which compiler.
    pub compiler: String,
    /// For which target.
    pub target: String,
    /// Its rows, in its order.
    pub rows: Vec<Row>,
}

/// A row of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `dev` or `release`.
    pub build: String,
    /// The modifications in the article's words.
    pub label: String,
    /// The same as steps of ours.
    pub steps: Vec<String>,
    /// The size.
    pub bytes: u64,
}

impl Article {
    /// Reads the table.
    ///
    /// # Errors
    /// When it is missing or not understood.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let article: Self =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(article.schema == 1, "{}: unknown schema", path.display());
        Ok(article)
    }

    /// The size of a build's first row: its baseline.
    ///
    /// # Errors
    /// When the table has none.
    pub fn baseline(&self, build: &str) -> Result<u64> {
        let mut rows = self.rows.iter();
        let row = rows.find(|row| row.build == build && row.steps.is_empty());
        Ok(row
            .with_context(|| format!("the table has no plain {build} build"))?
            .bytes)
    }

    /// The size of some steps on a build.
    pub fn bytes(&self, build: &str, steps: &[String]) -> Option<u64> {
        let row = |row: &&Row| row.build == build && row.steps == steps;
        self.rows.iter().find(row).map(|row| row.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::step::Steps;
    use crate::ladder::suite::{Kinds, article_rows};
    use buildkit::checkout::Repo;

    #[test]
    fn every_row_of_the_article_is_one_of_ours() {
        let repo = Repo::find().unwrap();
        let article = Article::read(&repo.path("docs/ladder/2018.json")).unwrap();
        let steps = Steps::read(&repo.path("crates/sizelab/steps.toml")).unwrap();
        assert_eq!(article.rows.len(), 23);
        for row in &article.rows {
            let known = steps.in_order(&row.steps).unwrap();
            let names = known.iter().map(|step| step.name.clone());
            assert_eq!(names.collect::<Vec<_>>(), row.steps, "{}", row.label);
        }
        let all = article_rows(&steps, &article, Kinds::All);
        let alone = article_rows(&steps, &article, Kinds::Alone);
        let stacked = article_rows(&steps, &article, Kinds::Stacked);
        assert!(alone.iter().chain(&stacked).all(|id| all.contains(id)));
        assert!(all.len() >= alone.len().max(stacked.len()));
    }
}
