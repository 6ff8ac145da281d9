//! What each PACKAGECONFIG of the Yocto recipe costs: docs/measurements/yocto-packageconfig.json,
//! which `tests/yocto/harness measure` writes.

use std::path::Path;

use anyhow::{Context as _, Result};
use board::units::{Bytes, Difference};
use flashfit::table::Table;
use serde::Deserialize;

use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::read_json;

const SCHEMA: &str = "tinyrust-packageconfig/1";
const PATH: &str = "docs/measurements/yocto-packageconfig.json";

/// The measured rows; the first one is the recipe's default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageConfig {
    schema: String,
    /// The compiler's version.
    rust: String,
    revision: String,
    rows: Vec<Configuration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    what: String,
    /// The variable's value, as the recipe takes it.
    packageconfig: String,
    elf: Bytes,
    on_flash: Bytes,
}

impl PackageConfig {
    pub fn load(repo: &Repo) -> Result<Self> {
        Self::read(&repo.path(PATH))
    }

    fn read(path: &Path) -> Result<Self> {
        let read: Self = read_json(path)?;
        schema::require(path, &*read.schema, SCHEMA)?;
        Ok(read)
    }

    /// The rows as Markdown, each with what it costs against the first.
    pub fn table(&self) -> Result<String> {
        let default = self.rows.first().context(format!("{PATH} has no rows"))?;
        let mut table = Table::new(&["`PACKAGECONFIG`", ">ELF", ">", ">on flash", ">"]);
        let more = |own: Bytes, other: Bytes| match Difference::between(other, own) {
            Difference(0) => String::new(),
            difference => format!("{difference:+}"),
        };
        for row in &self.rows {
            table.row(&[
                &row.what,
                &row.elf,
                &more(row.elf, default.elf),
                &row.on_flash,
                &more(row.on_flash, default.on_flash),
            ]);
        }
        Ok(table.markdown()
            + &format!(
                "\nThe server in bytes, on the default board (`{}` is its default), Rust {}, at `{}`.\n",
                default.packageconfig, self.rust, self.revision
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<PackageConfig> {
        let file = tempfile::NamedTempFile::new()?;
        let text = format!(
            r#"{{"schema":"tinyrust-packageconfig/1","rust":"1.95.0","revision":"abc1234","rows":[{text}]}}"#
        );
        std::fs::write(&file, text)?;
        PackageConfig::read(file.path())
    }

    #[test]
    fn each_row_says_what_it_costs_against_the_default() {
        let read = rows(
            r#"{"what":"the default","packageconfig":"a b","elf":2000,"on_flash":1000},
               {"what":"without b","packageconfig":"a","elf":3500,"on_flash":900}"#,
        );
        let table = read.unwrap().table().unwrap();
        assert!(
            table.contains("| the default | 2,000 | | 1,000 | |"),
            "{table}"
        );
        assert!(
            table.contains("| without b | 3,500 | +1,500 | 900 | -100 |"),
            "{table}"
        );
    }

    #[test]
    fn a_file_without_rows_has_no_table() {
        assert!(rows("").unwrap().table().is_err());
    }
}
