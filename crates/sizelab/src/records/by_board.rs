//! Committed measurements that one file of docs/measurements holds for all boards.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use buildkit::checkout::Repo;
use buildkit::files::to_json;

/// A file, and what makes it.
pub struct File {
    /// Its path in the checkout.
    pub path: &'static str,
    /// The version of its format.
    pub schema: &'static str,
    /// The command that writes it.
    pub made_by: &'static str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<T> {
    schema: String,
    boards: BTreeMap<String, T>,
}

impl File {
    /// What was measured, by board.
    ///
    /// # Errors
    /// When the file is missing, of another form, or of another version.
    pub fn load<T: DeserializeOwned>(&self, repo: &Repo) -> Result<BTreeMap<String, T>> {
        let Self {
            path,
            schema,
            made_by,
        } = self;
        let text = fs::read_to_string(repo.path(path))
            .with_context(|| format!("cannot read {path}; `{made_by}` makes it"))?;
        let content: Content<T> = serde_json::from_str(&text).with_context(|| *path)?;
        ensure!(
            content.schema == *schema,
            "{path}: schema {}, this program reads {schema}",
            content.schema
        );
        Ok(content.boards)
    }

    /// Changes what the file says; it begins with no board.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn change<T: Serialize + DeserializeOwned>(
        &self,
        repo: &Repo,
        change: impl FnOnce(&mut BTreeMap<String, T>),
    ) -> Result<()> {
        let place = repo.path(self.path);
        let mut boards = match place.is_file() {
            true => self.load(repo)?,
            false => BTreeMap::new(),
        };
        change(&mut boards);
        let content = Content {
            schema: self.schema.to_owned(),
            boards,
        };
        fs::write(&place, to_json(&content)?)
            .with_context(|| format!("cannot write {}", place.display()))?;
        println!("wrote {}", self.path);
        Ok(())
    }
}
