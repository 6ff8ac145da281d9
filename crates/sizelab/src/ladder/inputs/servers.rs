//! Other servers with the same answer: `crates/sizelab/comparison.toml`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::schema;
use buildkit::files::read_toml;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Servers {
    schema: u32,
    pub server: Vec<ServerKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerKind {
    /// What rows are named by.
    pub name: String,
    /// What tables call it.
    pub title: String,
    /// The crate whose version tables name.
    #[serde(rename = "crate")]
    pub krate: Option<String>,
    /// A program of crates/sizelab/programs; without it and without a package, examples/hello.rs.
    pub program: Option<String>,
    /// A package of crates/sizelab/sources.toml.
    pub package: Option<String>,
    /// What of it is on flash, besides the libraries it is linked with.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    #[serde(default)]
    pub command: Vec<String>,
}

impl Servers {
    pub fn read(path: &Path) -> Result<Self> {
        let servers: Self = read_toml(path)?;
        schema::require(path, &servers.schema, &1)?;
        Ok(servers)
    }

    pub fn names(&self) -> Vec<String> {
        self.server.iter().map(|s| s.name.clone()).collect()
    }

    pub fn find(&self, name: &str) -> Result<&ServerKind> {
        let mut servers = self.server.iter();
        let server = servers.find(|server| server.name == name);
        server.with_context(|| format!("no server `{name}` in crates/sizelab/comparison.toml"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;
    use buildkit::sources::Sources;

    #[test]
    fn every_server_is_a_program_of_ours_or_a_package_that_is_listed() {
        let repo = Repo::find().unwrap();
        let servers = Servers::read(&repo.path("crates/sizelab/comparison.toml")).unwrap();
        let sources = Sources::load(&repo.path("crates/sizelab/sources.toml")).unwrap();
        for server in &servers.server {
            if let Some(program) = &server.program {
                let manifest = format!("crates/sizelab/programs/{program}/Cargo.toml");
                assert!(repo.path(&manifest).is_file(), "{manifest}");
            }
            if let Some(package) = &server.package {
                sources.get(package).unwrap();
                assert!(!server.command.is_empty() && !server.files.is_empty());
            }
        }
    }
}
