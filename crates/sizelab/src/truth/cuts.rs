//! truth.toml: what is taken out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use buildkit::checkout::Repo;
use buildkit::files::remove;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cuts {
    pub(super) board: String,
    #[serde(rename = "cut")]
    pub(super) cuts: Vec<Cut>,
}

/// Something that is taken out of the image.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cut {
    pub(super) name: String,
    /// What kind of thing it is: `applet`, `driver`.
    pub(super) kind: String,
    /// The part of the image that shrinks: `kernel.itb`.
    pub(super) image: String,
    /// The selectors of what the report should find gone.
    pub(super) without: Vec<String>,
    /// Files whose bytes a program embeds.
    #[serde(default)]
    pub(super) embedded: Vec<String>,
    /// Files that are deleted.
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    edit: Vec<Edit>,
    /// What explains the difference between prediction and truth.
    #[serde(default)]
    pub(super) why: String,
}

/// A change of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: String,
    #[serde(default)]
    replace: String,
}

impl Cuts {
    pub(super) fn load(repo: &Repo) -> Result<Self> {
        let path = repo.path("crates/sizelab/truth.toml");
        let text = fs::read_to_string(&path)?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Fails if one of the names is not a cut's.
    pub(super) fn must_have(&self, names: &[String]) -> Result<()> {
        let known: Vec<&str> = self.cuts.iter().map(|cut| cut.name.as_str()).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => bail!("no cut `{name}`; truth.toml has {}", known.join(", ")),
            None => Ok(()),
        }
    }
}

impl Cut {
    /// Makes the cut in a checkout.
    pub(super) fn make(&self, checkout: &Path) -> Result<()> {
        for file in &self.delete {
            let path = checkout.join(file);
            ensure!(path.exists(), "{file} is to be deleted and does not exist");
            remove(&path)?;
        }
        for Edit {
            file,
            find,
            replace,
        } in &self.edit
        {
            let path = checkout.join(file);
            let text = fs::read_to_string(&path).with_context(|| file.clone())?;
            let times = text.matches(find.as_str()).count();
            ensure!(times == 1, "{file} has {find:?} {times} times, not once");
            fs::write(&path, text.replace(find.as_str(), replace))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_fits_the_checkout() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cuts = Cuts::load(&Repo::at(&root)).unwrap();
        assert!(cuts.cuts.len() >= 10, "{} cuts", cuts.cuts.len());
        for cut in &cuts.cuts {
            assert!(
                !cut.edit.is_empty() || !cut.delete.is_empty(),
                "{}",
                cut.name
            );
            for file in cut.delete.iter().chain(&cut.embedded) {
                assert!(root.join(file).exists(), "{}: {file}", cut.name);
            }
            for edit in &cut.edit {
                let text = fs::read_to_string(root.join(&edit.file)).unwrap();
                assert_eq!(
                    text.matches(&edit.find).count(),
                    1,
                    "{}: {}",
                    cut.name,
                    edit.find
                );
            }
        }
    }
}
