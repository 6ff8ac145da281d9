//! The parts of a firmware that are no crates: upstreams.toml.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::component::{Component, Kind, Text};
use crate::texts;

/// The name of Rust's standard library.
pub const STD: &str = "rust-std";

/// The name of what the C compiler links into programs.
pub const LIBGCC: &str = "libgcc";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Upstream {
    kind: Kind,
    license: String,
    cpe: Option<String>,
    #[serde(default)]
    texts: Vec<String>,
    #[serde(default)]
    also: Vec<String>,
}

static ALL: LazyLock<BTreeMap<String, Upstream>> = LazyLock::new(|| {
    // A test reads it as well, so a mistake in it is not met here first.
    toml::from_str(include_str!("upstreams.toml")).unwrap_or_default()
});

/// The name that it has here: Buildroot's `uboot` and bitbake's `u-boot-tinyrust` are `u-boot`.
pub fn name(of: &str) -> &str {
    let known = |(name, upstream): (&'static String, &Upstream)| {
        let same = name == of || upstream.also.iter().any(|also| also == of);
        same.then_some(name.as_str())
    };
    ALL.iter().find_map(known).unwrap_or(of)
}

/// What is known of one by its name.
pub fn component(of: &str, version: &str) -> Component {
    let name = name(of);
    let facts = ALL.get(name);
    // Without a version nothing can be looked up.
    let versioned = |text: String| (!version.is_empty()).then_some(text);
    let cpe = facts.and_then(|facts| facts.cpe.as_ref());
    let cpe = cpe.map(|cpe| format!("cpe:2.3:{cpe}:{version}:*:*:*:*:*:*:*"));
    Component {
        reference: match version {
            "" => name.to_owned(),
            _ => format!("{name}@{version}"),
        },
        kind: facts.map(|facts| facts.kind).unwrap_or_default(),
        name: name.to_owned(),
        version: version.to_owned(),
        license: facts.map(|facts| facts.license.clone()).unwrap_or_default(),
        purl: versioned(format!("pkg:generic/{name}@{version}")),
        cpe: cpe.and_then(versioned),
        ..Component::default()
    }
}

/// Its licence texts in its source tree.
///
/// # Errors
/// When one of them is not there: upstreams.toml and the version in use differ.
pub fn texts(of: &str, tree: &Path) -> Result<Vec<Text>> {
    let facts = ALL.get(name(of)).with_context(|| {
        format!("{of}: crates/sbom/src/upstreams.toml does not say which files are its licence")
    })?;
    let read = |file: &String| {
        texts::read(&tree.join(file), file.clone()).with_context(|| {
            format!("{of}: correct `texts` in crates/sbom/src/upstreams.toml for this version")
        })
    };
    facts.texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licence;

    #[test]
    fn each_has_a_licence_of_spdx_and_a_name_of_its_own() {
        let all: BTreeMap<String, Upstream> =
            toml::from_str(include_str!("upstreams.toml")).unwrap();
        let mut names = Vec::new();
        for (name, upstream) in &all {
            let canonical = licence::canonical(&upstream.license);
            assert_eq!(canonical.as_ref(), Some(&upstream.license), "{name}");
            assert!(!licence::standard_texts(&upstream.license).is_empty());
            names.extend(upstream.also.iter().chain([name]));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn other_builders_names_mean_the_same() {
        assert_eq!(name("uboot"), "u-boot");
        assert_eq!(name("busybox-tinyrust"), "busybox");
        assert_eq!(name("dropbear"), "dropbear");
        let linux = component("linux-tinyrust", "6.12.104");
        assert_eq!(linux.kind, Kind::OperatingSystem);
        let cpe = "cpe:2.3:o:linux:linux_kernel:6.12.104:*:*:*:*:*:*:*";
        assert_eq!(linux.cpe.as_deref(), Some(cpe));
    }

    #[test]
    fn a_text_that_is_not_there_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", texts("busybox", folder.path()).unwrap_err());
        assert!(
            error.contains("LICENSE") && error.contains("upstreams.toml"),
            "{error}"
        );
    }
}
