//! out/`name`, by default the board's: replaced as a whole, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::files::remove;
use crate::key::sha256_file;

/// The image folder that is being built, beside the one it will replace.
pub struct Output {
    out: PathBuf,
    name: String,
    temporary: PathBuf,
    images: PathBuf,
}

impl Output {
    /// Begins an image folder of that name in the folder `out`. What an interrupted build left
    /// there is removed.
    pub fn create(out: &Path, name: &str) -> Result<Self> {
        let temporary = out.join(format!(".{name}.tmp"));
        remove(&temporary)?;
        let images = temporary.join("images");
        fs::create_dir_all(&images)
            .with_context(|| format!("cannot create {}", images.display()))?;
        Ok(Self {
            out: out.to_owned(),
            name: name.to_owned(),
            temporary,
            images,
        })
    }

    /// The image folder.
    pub fn folder(&self) -> &Path {
        &self.images
    }

    /// Room for what is not part of the image folder.
    pub fn work(&self) -> PathBuf {
        self.temporary.join("work")
    }

    /// A file of the last good build, if there is one.
    pub fn previous(&self, name: &str) -> Option<PathBuf> {
        let path = self.out.join(&self.name).join(name);
        path.is_file().then_some(path)
    }

    /// Puts the image folder in the place of the last good one, in one operation of the file
    /// system: there is no moment without a whole folder.
    pub fn finish(self) -> Result<()> {
        let place = self.out.join(&self.name);
        self.keep_boot_figures(&place)?;
        if place.exists() {
            exchange(&self.images, &place)?;
        } else {
            fs::rename(&self.images, &place)
                .with_context(|| format!("cannot move the images to {}", place.display()))?;
        }
        remove(&self.out.join(format!("{}.over-budget", self.name)))
        // What is dropped with `self` is the folder that was replaced.
    }

    /// Moves the image folder to out/`name`.`suffix`; where it is then.
    pub fn keep_as(self, suffix: &str) -> Result<PathBuf> {
        let place = self.out.join(format!("{}.{suffix}", self.name));
        remove(&place)?;
        fs::rename(&self.images, &place)
            .with_context(|| format!("cannot move the images to {}", place.display()))?;
        Ok(place)
    }

    /// What was measured on the booted image holds for the same bytes.
    fn keep_boot_figures(&self, place: &Path) -> Result<()> {
        let same = |name: &str| {
            let hash = |folder: &Path| sha256_file(&folder.join(name)).ok();
            hash(place).is_some() && hash(place) == hash(&self.images)
        };
        if same("flash.bin") {
            for figures in ["boot.json", "suite.json"] {
                let old = place.join(figures);
                if old.is_file() {
                    fs::copy(&old, self.images.join(figures))?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // A failure here leaves a hidden folder, which the next build removes.
        let _ = remove(&self.temporary);
    }
}

fn exchange(new: &Path, old: &Path) -> Result<()> {
    if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Some file systems cannot exchange (NFS, eCryptfs): the old one leaves first.
    let aside = new.with_extension("old");
    fs::rename(old, &aside)
        .and_then(|()| fs::rename(new, old))
        .with_context(|| format!("cannot replace {}", old.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        names.sort();
        names
    }

    fn build(out: &Path, flash: &str) -> Output {
        let output = Output::create(out, "b").unwrap();
        fs::write(output.folder().join("flash.bin"), flash).unwrap();
        output
    }

    #[test]
    fn a_good_build_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        for flash in ["one", "two"] {
            build(&out, flash).finish().unwrap();
            assert_eq!(names(&out), ["b"]);
            assert_eq!(fs::read_to_string(out.join("b/flash.bin")).unwrap(), flash);
        }
    }

    #[test]
    fn what_failed_or_is_too_large_leaves_the_last_good_one() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        build(&out, "good").finish().unwrap();
        drop(build(&out, "failed"));
        assert_eq!(names(&out), ["b"]);
        build(&out, "large").keep_as("over-budget").unwrap();
        assert_eq!(names(&out), ["b", "b.over-budget"]);
        assert_eq!(fs::read_to_string(out.join("b/flash.bin")).unwrap(), "good");
        build(&out, "better").finish().unwrap();
        assert_eq!(names(&out), ["b"]);
    }

    #[test]
    fn boot_figures_live_as_long_as_the_bytes_they_were_measured_on() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        build(&out, "same").finish().unwrap();
        fs::write(out.join("b/boot.json"), "{}").unwrap();
        build(&out, "same").finish().unwrap();
        assert_eq!(names(&out.join("b")), ["boot.json", "flash.bin"]);
        build(&out, "other").finish().unwrap();
        assert_eq!(names(&out.join("b")), ["flash.bin"]);
    }
}
