//! What a cached thing was made from, and the hash of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The inputs of a step. Their hash names the step's result in the cache.
#[derive(Default)]
pub struct Key {
    lines: Vec<String>,
}

impl Key {
    /// A key for a recipe. The recipe's number rises whenever the code of the step changes
    /// what comes out of it.
    pub fn new(step: &str, recipe: u32) -> Self {
        Self::default().field("recipe", format!("{step} {recipe}"))
    }

    /// Adds a fact.
    pub fn field(mut self, name: &str, value: impl AsRef<str>) -> Self {
        // Quoted: a value cannot pass for another field, whatever is in it.
        self.lines.push(format!("{name} {:?}", value.as_ref()));
        self
    }

    /// Calls a folder by a name wherever it is in what was added: a key that says where the cache
    /// is finds nothing in one that was moved.
    pub fn called(mut self, folder: &Path, name: &str) -> Self {
        let quoted = format!("{:?}", folder.display().to_string());
        let shown = &quoted[1..quoted.len() - 1];
        for line in &mut self.lines {
            *line = line.replace(shown, name);
        }
        self
    }

    /// Adds the content of a file.
    pub fn file(self, name: &str, path: &Path) -> Result<Self> {
        let hash = sha256_file(path)?;
        Ok(self.field(name, hash))
    }

    /// Adds a folder: names, contents, links and executable bits; not times or owners,
    /// which git does not keep. Left out is what `skip` says by its path in the folder.
    pub fn tree(mut self, name: &str, root: &Path, skip: impl Fn(&Path) -> bool) -> Result<Self> {
        let entries = walkdir::WalkDir::new(root)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| {
                let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
                !skip(inside)
            });
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", root.display()))?;
            let inside = entry.path().strip_prefix(root)?.display().to_string();
            let kind = entry.file_type();
            let fact = if kind.is_symlink() {
                format!("-> {}", fs::read_link(entry.path())?.display())
            } else if kind.is_file() {
                let executable = entry.metadata()?.permissions().mode() & 0o100 != 0;
                let bit = if executable { "x" } else { "-" };
                format!("{bit} {}", sha256_file(entry.path())?)
            } else {
                "/".to_owned()
            };
            self = self.field(&format!("{name}/{inside}"), fact);
        }
        Ok(self)
    }

    /// The hash: 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        sha256(self.describe().as_bytes())
    }

    /// The inputs, one in a line: kept beside the result, so that two keys can be compared.
    pub fn describe(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The SHA-256 of a file, in hexadecimal.
pub fn sha256_file(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(sha256(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_sha256() {
        // The example of FIPS 180-4.
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_trees_key_sees_content_names_bits_and_links_but_not_what_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let digest = || {
            Key::new("t", 1)
                .tree("t", root, |path| path.starts_with("target"))
                .unwrap()
                .digest()
        };
        let mut seen = vec![digest()];
        let mut changed = |what: &str| {
            let now = digest();
            assert!(!seen.contains(&now), "{what} was not seen");
            seen.push(now);
        };
        fs::write(root.join("a"), "1").unwrap();
        changed("a new file");
        fs::write(root.join("a"), "2").unwrap();
        changed("other content");
        fs::rename(root.join("a"), root.join("b")).unwrap();
        changed("another name");
        fs::set_permissions(root.join("b"), fs::Permissions::from_mode(0o755)).unwrap();
        changed("the executable bit");
        std::os::unix::fs::symlink("b", root.join("c")).unwrap();
        changed("a link");
        let before = digest();
        fs::create_dir(root.join("target")).unwrap();
        fs::write(root.join("target/x"), "1").unwrap();
        fs::set_permissions(root.join("b"), fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(before, digest());
    }

    #[test]
    fn a_folder_that_is_called_by_a_name_may_be_anywhere() {
        let digest = |place: &str, entry: &str| {
            let key = Key::new("t", 1).field("flags", format!("-L{place}/{entry}/lib -O2"));
            key.called(Path::new(place), "$CACHE").digest()
        };
        assert_eq!(
            digest("/home/a b/\"cache\"", "libc/1"),
            digest("/c", "libc/1")
        );
        assert_ne!(digest("/c", "libc/1"), digest("/c", "libc/2"));
    }

    proptest! {
        #[test]
        fn fields_do_not_run_into_one_another(a in ".{0,9}", b in ".{0,9}", c in ".{0,9}") {
            let one = Key::default().field("x", format!("{a}{b}")).field("y", &c);
            let two = Key::default().field("x", &a).field("y", format!("{b}{c}"));
            prop_assert_eq!(b.is_empty(), one.digest() == two.digest());
        }
    }
}
