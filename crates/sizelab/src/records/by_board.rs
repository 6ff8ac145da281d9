//! Committed measurements that one file of docs/measurements holds for all boards.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::{read_json, to_json, write_whole};

/// A file of the checkout, the version of its format, and the command that writes it.
pub struct ByBoard {
    pub path: &'static str,
    pub schema: &'static str,
    pub made_by: &'static str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<T> {
    schema: String,
    boards: BTreeMap<String, T>,
}

impl ByBoard {
    /// What was measured, by board.
    pub fn load<T: DeserializeOwned>(&self, repo: &Repo) -> Result<BTreeMap<String, T>> {
        let path = repo.path(self.path);
        let content: Content<T> =
            read_json(&path).with_context(|| format!("`{}` makes it", self.made_by))?;
        schema::require(&path, &*content.schema, self.schema)?;
        Ok(content.boards)
    }

    /// Changes what the file says; it begins with no board.
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
        write_whole(&place, to_json(&content)?)?;
        println!("wrote {}", self.path);
        Ok(())
    }
}
