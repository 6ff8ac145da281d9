//! What each choice in the server costs, as measured: docs/measurements/choices.json.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use board::units::Bytes;
use serde::Deserialize;

use buildkit::checkout::Repo;

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
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    program: String,
    elf: Bytes,
    squashfs_xz: Bytes,
    squashfs_xz_bcj: Bytes,
}

impl Choices {
    /// Reads the committed rows.
    ///
    /// # Errors
    /// The file is missing, is no JSON of this form, or has another schema.
    pub fn load(repo: &Repo) -> Result<Self> {
        let path = repo.path("docs/measurements/choices.json");
        let shown = repo.shown(&path).to_string();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        let choices: Self = serde_json::from_str(&text).with_context(|| shown.clone())?;
        ensure!(
            choices.schema == SCHEMA,
            "{shown}: its schema is {}, this program reads {SCHEMA}",
            choices.schema
        );
        Ok(choices)
    }

    /// The rows as Markdown.
    ///
    /// # Errors
    /// There is no row.
    pub fn table(&self) -> Result<String> {
        ensure!(
            !self.rows.is_empty(),
            "docs/measurements/choices.json has no rows"
        );
        let mut table = String::from(
            "| program | ELF | squashfs-xz | with the branch filter |\n|---|---:|---:|---:|\n",
        );
        for row in &self.rows {
            table += &format!(
                "| {} | {} | {} | {} |\n",
                row.program, row.elf, row.squashfs_xz, row.squashfs_xz_bcj
            );
        }
        let versions = self
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        table += &format!(
            "\nIn bytes, for `{}` with the profile `{}`, served by `{}`; {}.\n",
            self.target,
            self.profile,
            self.served_by,
            versions.collect::<Vec<_>>().join(", ")
        );
        Ok(table)
    }
}
