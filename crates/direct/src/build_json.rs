//! build.json: what an image was made from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use buildkit::files::to_json;

use crate::cargo_build::App;
use crate::context::{Context, Tree};
use buildkit::key::sha256_file;
use buildkit::sources::Source;

/// The version of the format.
pub const SCHEMA: &str = "tinyrust-build/1";

/// build.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// [`SCHEMA`]
    pub schema: String,
    /// The board.
    pub board: String,
    /// The size profile.
    pub profile: String,
    /// The allocator.
    pub allocator: String,
    /// The Rust target.
    pub target: String,
    /// The git revision of the checkout, `-dirty` where files differed from it.
    pub git_revision: String,
    /// `rustc -vV`, by its own names.
    pub rustc: BTreeMap<String, String>,
    /// Compiler and linker of everything in C.
    pub cc: String,
    /// The sources, by their names in sources.toml.
    pub sources: BTreeMap<String, Source>,
    /// What rustc was given.
    pub proof: serde_json::Value,
    /// The SHA-256 of each file in the image folder.
    pub files: BTreeMap<String, String>,
}

impl BuildRecord {
    /// Reads a build.json.
    ///
    /// # Errors
    /// When it cannot be read or is of another version.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let record: Self =
            serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        ensure!(
            record.schema == SCHEMA,
            "{}: schema {}, this program reads {SCHEMA}; build the image again",
            path.display(),
            record.schema
        );
        Ok(record)
    }
}

/// Writes build.json into a finished image folder.
///
/// # Errors
/// When a file cannot be read, or build.json not written.
pub fn write(
    context: &Context,
    trees: &[(&str, &Tree)],
    app: &App,
    profile: &str,
    images: &Path,
) -> Result<()> {
    let rust = context.board.require(&context.board.rust, "rust")?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(images)? {
        let entry = entry?;
        // flashfit.json has no content of its own: it says the sizes of the others.
        if entry.file_type()?.is_file() && entry.file_name() != "flashfit.json" {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, sha256_file(&entry.path())?);
        }
    }
    let record = BuildRecord {
        schema: SCHEMA.to_owned(),
        board: context.board.name.clone(),
        profile: profile.to_owned(),
        allocator: rust.allocator.clone(),
        target: rust.target.clone(),
        git_revision: context.repo.revision(),
        rustc: context
            .rustc
            .verbose
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        cc: context.cc_version()?,
        sources: trees
            .iter()
            .map(|(name, tree)| ((*name).to_owned(), tree.source.clone()))
            .collect(),
        proof: app.proof()?,
        files,
    };
    let path = images.join("build.json");
    fs::write(&path, to_json(&record)?).with_context(|| format!("cannot write {}", path.display()))
}
