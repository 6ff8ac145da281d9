//! What each PACKAGECONFIG of the Yocto recipe costs: docs/measurements/yocto-packageconfig.json,
//! which `tests/yocto/harness measure` writes.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use board::units::Bytes;
use serde::Deserialize;

use buildkit::checkout::Repo;

const SCHEMA: &str = "tinyrust-packageconfig/1";
const PATH: &str = "docs/measurements/yocto-packageconfig.json";

/// The measured rows; the first one is the recipe's default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageConfig {
    schema: String,
    /// The compiler's version.
    rust: String,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    what: String,
    /// The variable's value, as the recipe takes it.
    packageconfig: String,
    elf: Bytes,
    on_flash: Bytes,
}

impl PackageConfig {
    /// Reads the committed rows.
    ///
    /// # Errors
    /// The file is missing, is no JSON of this form, or has another schema.
    pub fn load(repo: &Repo) -> Result<Self> {
        let text =
            fs::read_to_string(repo.path(PATH)).with_context(|| format!("cannot read {PATH}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let read: Self = serde_json::from_str(text).context(PATH)?;
        ensure!(
            read.schema == SCHEMA,
            "{PATH}: its schema is {}, this program reads {SCHEMA}",
            read.schema
        );
        Ok(read)
    }

    /// The rows as Markdown, each with what it costs against the first.
    ///
    /// # Errors
    /// There is no row.
    pub fn table(&self) -> Result<String> {
        let default = self.rows.first().context(format!("{PATH} has no rows"))?;
        let mut table =
            String::from("| `PACKAGECONFIG` | ELF | | on flash | |\n|---|---:|---:|---:|---:|\n");
        for row in &self.rows {
            let difference = |own: Bytes, other: Bytes| match own.cmp(&other) {
                std::cmp::Ordering::Equal => String::new(),
                std::cmp::Ordering::Less => format!("-{}", Bytes(other.0 - own.0)),
                std::cmp::Ordering::Greater => format!("+{}", Bytes(own.0 - other.0)),
            };
            table += &format!(
                "| {} | {} | {} | {} | {} |\n",
                row.what,
                row.elf,
                difference(row.elf, default.elf),
                row.on_flash,
                difference(row.on_flash, default.on_flash),
            );
        }
        table += &format!(
            "\nThe server in bytes, on the default board (`{}` is its default), Rust {}.\n",
            default.packageconfig, self.rust
        );
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<PackageConfig> {
        PackageConfig::parse(&format!(
            r#"{{"schema":"tinyrust-packageconfig/1","rust":"1.95.0","rows":[{text}]}}"#
        ))
    }

    #[test]
    fn each_row_says_what_it_costs_against_the_default() {
        let read = rows(
            r#"{"what":"the default","packageconfig":"a b","elf":2000,"on_flash":1000},
               {"what":"without b","packageconfig":"a","elf":3500,"on_flash":900}"#,
        );
        let table = read.unwrap().table().unwrap();
        assert!(
            table.contains("| the default | 2,000 |  | 1,000 |  |"),
            "{table}"
        );
        assert!(
            table.contains("| without b | 3,500 | +1,500 | 900 | -100 |"),
            "{table}"
        );
    }

    #[test]
    fn no_rows_and_another_schema_are_errors() {
        assert!(rows("").unwrap().table().is_err());
        let other = r#"{"schema":"x/2","rust":"1","rows":[]}"#;
        assert!(PackageConfig::parse(other).is_err());
    }
}
