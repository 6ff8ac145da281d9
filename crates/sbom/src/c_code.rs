//! C code that a crate brings along and its build script compiles.

use std::fs;
use std::path::{Path, PathBuf};

use crate::component::{Component, Kind};

/// The C code of which more is known than that it is there.
struct Known {
    /// What the crate's Cargo.toml says that it `links`.
    links: &'static str,
    /// The header with its version, for a crate with this feature; the last one is for all others.
    headers: &'static [(&'static str, &'static str)],
    /// The macro that has its version as one number.
    number: &'static str,
}

const KNOWN: &[Known] = &[Known {
    links: "mimalloc",
    headers: &[
        ("v2", "c_src/mimalloc/v2/include/mimalloc.h"),
        ("", "c_src/mimalloc/v3/include/mimalloc.h"),
        ("", "c_src/mimalloc/include/mimalloc.h"),
    ],
    number: "MI_MALLOC_VERSION",
}];

/// The component in a crate's folder; `None` where it has no C code.
pub fn of(folder: &Path, owner: &Component) -> Option<Component> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let manifest = toml::from_str::<toml::Table>(&manifest).ok()?;
    let links = manifest.get("package")?.get("links")?.as_str()?.to_owned();
    let has_c = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .any(|entry| entry.path().extension().is_some_and(|end| end == "c"));
    if !has_c {
        return None;
    }
    let version = KNOWN
        .iter()
        .find(|known| known.links == links)
        .and_then(|known| known.version(folder, &owner.features));
    Some(Component {
        reference: format!("{}#c", owner.reference),
        kind: Kind::Library,
        name: links,
        version: version.unwrap_or_default(),
        license: owner.license.clone(),
        note: format!("C code in the crate {}", owner.name),
        ..Component::default()
    })
}

impl Known {
    fn version(&self, folder: &Path, features: &[String]) -> Option<String> {
        let fits = |feature: &str| feature.is_empty() || features.iter().any(|on| on == feature);
        let mut headers = self
            .headers
            .iter()
            .filter(|(feature, _)| fits(feature))
            .map(|(_, path)| folder.join(path))
            .filter(|path| path.is_file());
        self.number(&headers.next()?)
    }

    /// `30302` is 3.3.2: two digits each, none of the first that is not there.
    fn number(&self, header: &PathBuf) -> Option<String> {
        let text = fs::read_to_string(header).ok()?;
        let define = format!("#define {} ", self.number);
        let line = text.lines().find_map(|line| line.strip_prefix(&define))?;
        let number: u32 = line.split_whitespace().next()?.parse().ok()?;
        let parts = match number {
            // Before 2.1.8: one digit of each.
            0..1000 => [number / 100, number / 10 % 10, number % 10],
            _ => [number / 10_000, number / 100 % 100, number % 100],
        };
        Some(parts.map(|part| part.to_string()).join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_with(features: &[&str]) -> Option<Component> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let manifest = "[package]\nname = \"libmimalloc-sys\"\nlinks = \"mimalloc\"\n";
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        for (version, number) in [("v2", "20302  // comment"), ("v3", "30302")] {
            let include = root.join("c_src/mimalloc").join(version).join("include");
            fs::create_dir_all(&include).unwrap();
            let text = format!("// a\n#define MI_MALLOC_VERSION {number}\n");
            fs::write(include.join("mimalloc.h"), text).unwrap();
            fs::write(include.join("static.c"), "").unwrap();
        }
        let owner = Component {
            features: features.iter().map(|&name| name.to_owned()).collect(),
            ..Component::default()
        };
        of(root, &owner)
    }

    #[test]
    fn the_version_is_that_of_the_code_which_the_feature_selects() {
        assert_eq!(crate_with(&["v2"]).unwrap().version, "2.3.2");
        assert_eq!(crate_with(&[]).unwrap().version, "3.3.2");
    }
}
