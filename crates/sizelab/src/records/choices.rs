//! What each choice in the server costs, as measured: docs/measurements/choices.json.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use board::units::Bytes;
use flashfit::table::Table;
use serde::Deserialize;

use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::read_json;

const SCHEMA: &str = "tinyrust-choices/1";

/// The measured rows and what they were measured with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    schema: String,
    target: String,
    profile: String,
    versions: BTreeMap<String, String>,
    served_by: String,
    revision: String,
    rows: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    program: String,
    elf: Bytes,
    squashfs_xz: Bytes,
    squashfs_xz_bcj: Bytes,
}

impl Choices {
    pub fn load(repo: &Repo) -> Result<Self> {
        let path = repo.path("docs/measurements/choices.json");
        let choices: Self = read_json(&path)?;
        schema::require(&path, &*choices.schema, SCHEMA)?;
        ensure!(!choices.rows.is_empty(), "{}: no rows", path.display());
        Ok(choices)
    }

    pub fn table(&self) -> String {
        let mut table = Table::new(&["program", ">ELF", ">squashfs-xz", ">with the branch filter"]);
        for row in &self.rows {
            table.row(&[
                &row.program,
                &row.elf,
                &row.squashfs_xz,
                &row.squashfs_xz_bcj,
            ]);
        }
        let versions = self.versions.iter();
        let versions = versions.map(|(name, version)| format!("{name} {version}"));
        table.markdown()
            + &format!(
                "\nIn bytes, for `{}` with the profile `{}`, served by `{}`, at `{}`; {}.\n",
                self.target,
                self.profile,
                self.served_by,
                self.revision,
                versions.collect::<Vec<_>>().join(", ")
            )
    }
}
