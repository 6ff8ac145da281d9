//! What a bill of materials lists.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

/// The version of an inventory's format.
pub const SCHEMA: &str = "tinyrust-inventory/1";

/// What a component is, in the words of CycloneDX 1.6 (`components[].type`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program.
    Application,
    /// Something that programs are linked with.
    #[default]
    Library,
    /// A kernel.
    OperatingSystem,
    /// A boot loader.
    Firmware,
    /// A file of the image.
    File,
}

/// A licence text that came with a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its file, seen from the component's folder; or where else it is from.
    pub file: String,
    /// The text.
    pub text: String,
}

/// A part of the firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What others call it by in a document: its `bom-ref`.
    pub reference: String,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Its licence: an SPDX expression, or what else its author says; empty where nobody says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub license: String,
    /// Its package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Its name in databases of vulnerabilities: a CPE 2.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// The SHA-256 of the file or package, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The name of the file that its source came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// Where its source is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repository: String,
    /// Who wrote it, separated by colons.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authors: String,
    /// What is to be known of it beyond that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The features that a crate was compiled with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The references of the components that it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Component>,
    /// Its licence texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<Text>,
}

impl Component {
    /// Whether it is a crate of a registry that programs are linked with.
    pub fn is_library_crate(&self) -> bool {
        let crates = self.purl.iter().any(|purl| purl.starts_with("pkg:cargo/"));
        self.kind == Kind::Library && crates
    }
}

/// The crates of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// [`SCHEMA`]
    pub schema: String,
    /// The programs' names.
    pub programs: Vec<String>,
    /// Everything in them, the standard library included.
    pub components: Vec<Component>,
}

impl Inventory {
    /// Reads an inventory.
    ///
    /// # Errors
    /// When it cannot be read or is of another version.
    pub fn load(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let all: Self = serde_json::from_str(&text).with_context(|| format!("in {shown}"))?;
        ensure!(
            all.schema == SCHEMA,
            "{shown}: schema {}, this program reads {SCHEMA}; build the program again",
            all.schema
        );
        Ok(all)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}
