//! A firmware: everything in it, joined.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::component::{Component, Inventory, Kind, Text};
use crate::{licence, texts, upstream};

/// What the firmware is as a whole.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Its version: the revision that it is built from.
    pub version: String,
    /// Facts of the build, by name.
    pub facts: BTreeMap<String, String>,
    /// The files that make it up, and their SHA-256.
    pub files: BTreeMap<String, String>,
}

/// A source in C, as the builder knows it.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Its version.
    pub version: String,
    /// The name of the file it was unpacked from.
    pub archive: Option<String>,
    /// That file's SHA-256.
    pub sha256: Option<String>,
}

/// A firmware with its parts.
#[derive(Debug, Clone)]
pub struct Firmware {
    /// What it is.
    pub image: Image,
    /// Its parts.
    pub components: Vec<Component>,
    /// The programs whose crates are not known.
    pub unknown: Vec<String>,
}

impl Firmware {
    /// The firmware of which nothing is known but its files.
    pub fn new(image: Image) -> Self {
        let file = |(name, sha256): (&String, &String)| Component {
            reference: format!("file:{name}"),
            kind: Kind::File,
            name: name.clone(),
            sha256: Some(sha256.clone()),
            ..Component::default()
        };
        Self {
            components: image.files.iter().map(file).collect(),
            unknown: Vec::new(),
            image,
        }
    }

    /// Adds a source in C.
    pub fn add_source(&mut self, name: &str, source: &Source) {
        let mut one = upstream::component(name, &source.version);
        one.archive.clone_from(&source.archive);
        one.sha256.clone_from(&source.sha256);
        self.add(one);
    }

    /// Adds the crates of programs. One that is there already gets the features and uses of both.
    pub fn add_inventory(&mut self, inventory: &Inventory) {
        for one in &inventory.components {
            self.add(one.clone());
        }
    }

    fn add(&mut self, one: Component) {
        let mut all = self.components.iter_mut();
        match all.find(|known| known.reference == one.reference) {
            None => self.components.push(one),
            Some(known) => {
                let join = |into: &mut Vec<String>, from: Vec<String>| {
                    into.extend(from);
                    into.sort();
                    into.dedup();
                };
                join(&mut known.features, one.features);
                join(&mut known.uses, one.uses);
                for part in one.parts {
                    if !known
                        .parts
                        .iter()
                        .any(|has| has.reference == part.reference)
                    {
                        known.parts.push(part);
                    }
                }
                if known.texts.is_empty() {
                    known.texts = one.texts;
                }
            }
        }
    }

    /// The component of that name; by any of its names. Library crates are none of these: zlib is
    /// the name of a crate as well.
    pub fn find(&mut self, name: &str) -> Option<&mut Component> {
        let name = upstream::name(name);
        let mut all = self.components.iter_mut();
        all.find(|one| one.name == name && one.kind != Kind::File && !one.is_library_crate())
    }

    /// Adds the licence texts of a component from its source tree. Of a component that the
    /// firmware does not have none are added.
    ///
    /// # Errors
    /// When one is missing.
    pub fn add_tree(&mut self, name: &str, tree: &Path) -> Result<()> {
        if let Some(one) = self.find(name) {
            one.texts = upstream::texts(name, tree)?;
        }
        Ok(())
    }

    /// Adds a licence text to a component.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn add_text(&mut self, name: &str, file: &Path) -> Result<()> {
        let known = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let text = texts::read(file, known.unwrap_or_default())?;
        if let Some(one) = self.find(name)
            && !one.texts.iter().any(|has: &Text| has.text == text.text)
        {
            one.texts.push(text);
        }
        Ok(())
    }

    /// Connects what the C compiler links into programs, and puts everything in order.
    pub fn finish(&mut self) {
        let is_library =
            |one: &Component| ["musl", "glibc", upstream::LIBGCC].contains(&&*one.name);
        let libraries: Vec<String> = self
            .components
            .iter()
            .filter(|one| is_library(one))
            .map(|one| one.reference.clone())
            .collect();
        for one in &mut self.components {
            if one.kind == Kind::Application {
                one.uses.extend(libraries.iter().cloned());
            }
            one.uses.sort();
            one.uses.dedup();
            if one.texts.is_empty() {
                one.texts = licence::standard_texts(&one.license);
            }
        }
        self.components
            .sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    }
}
