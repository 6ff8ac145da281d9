//! The licence texts in a component's folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use crate::component::Text;
use crate::licence;

/// How such files are called, in capitals.
const NAMES: [&str; 5] = ["LICEN", "COPYING", "UNLICENSE", "NOTICE", "COPYRIGHT"];

/// Those of them that hold a licence; a notice or a copyright goes beside one.
const LICENCES: usize = 3;

/// How deep C code brings its own licence along (`c_src/mimalloc/v3/LICENSE`).
const DEPTH: usize = 4;

/// The texts in a folder; those of folders below as well where that is asked for.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn of_folder(folder: &Path, below: bool) -> Result<Vec<Text>> {
    let depth = if below { DEPTH } else { 1 };
    let files = WalkDir::new(folder)
        .max_depth(depth)
        .follow_links(true)
        .sort_by_file_name();
    let mut texts = Vec::new();
    for entry in files {
        // A link that leads nowhere is no text.
        let Ok(entry) = entry else { continue };
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_file() && is_text(&name) {
            let inside = entry.path().strip_prefix(folder)?.display().to_string();
            texts.push(read(entry.path(), inside)?);
        }
    }
    Ok(texts)
}

/// Those of a package of one's own, which may stand above it, at the root of its repository.
///
/// # Errors
/// As [`of_folder`].
pub fn of_own_package(folder: &Path) -> Result<Vec<Text>> {
    for up in folder.ancestors().take(3) {
        let texts = of_folder(up, false)?;
        if !texts.is_empty() || up.join(".git").exists() {
            return Ok(texts);
        }
    }
    Ok(Vec::new())
}

/// A file as a text.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path, file: String) -> Result<Text> {
    let bytes =
        fs::read(path).with_context(|| format!("cannot read the licence {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Ok(Text { file, text })
}

/// The texts with the standard ones beside them where no licence is among them.
pub fn completed(mut texts: Vec<Text>, license: &str) -> Vec<Text> {
    let licence = |text: &Text| {
        let name = PathBuf::from(&text.file);
        let name = name.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default().to_uppercase();
        NAMES[..LICENCES].iter().any(|start| name.contains(start))
    };
    if !texts.iter().any(licence) {
        texts.extend(licence::standard_texts(license));
    }
    texts
}

fn is_text(name: &str) -> bool {
    let upper = name.to_uppercase();
    let source = [".RS", ".C", ".H", ".PY", ".TOML", ".JSON", ".SPDX"];
    NAMES.iter().any(|start| upper.starts_with(start))
        && !source.iter().any(|end| upper.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_name_and_code_of_that_name_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("c_src/v3")).unwrap();
        for file in ["LICENSE-MIT", "license.rs", "COPYING", "c_src/v3/LICENSE"] {
            fs::write(root.join(file), "one\r\ntwo\n").unwrap();
        }
        let names = |below| {
            let texts = of_folder(root, below).unwrap();
            texts.into_iter().map(|text| text.file).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["COPYING", "LICENSE-MIT"]);
        assert_eq!(names(true), ["COPYING", "LICENSE-MIT", "c_src/v3/LICENSE"]);
        assert_eq!(of_folder(root, false).unwrap()[0].text, "one\ntwo\n");
    }

    #[test]
    fn a_package_of_a_repository_has_the_texts_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("app");
        fs::create_dir_all(&package).unwrap();
        fs::write(folder.path().join("LICENSE-MIT"), "mit").unwrap();
        assert_eq!(of_own_package(&package).unwrap().len(), 1);
        fs::create_dir(package.join(".git")).unwrap();
        assert!(of_own_package(&package).unwrap().is_empty());
    }

    #[test]
    fn a_copyright_alone_gets_the_standard_text_beside_it() {
        let text = |file: &str| Text {
            file: file.to_owned(),
            text: String::new(),
        };
        assert_eq!(completed(vec![text("COPYRIGHT")], "MIT").len(), 2);
        assert_eq!(completed(vec![text("LICENSE")], "MIT").len(), 1);
        assert_eq!(completed(Vec::new(), "who knows").len(), 0);
    }
}
