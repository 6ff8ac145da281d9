//! Building a row's program and weighing it: the file, packed, and on flash.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::recipe::Recipe;
use crate::on_flash::on_flash;
use buildkit::cache::{Cache, Rooms};
use buildkit::command::{Log, tool};
use buildkit::files::remove;
use buildkit::key::{Key, sha256_file};

/// Rises when the code here changes what is measured.
const RECIPE: u32 = 1;

/// The name of the result in a cache entry.
const WEIGHT: &str = "weight.json";

/// Above this a program is packed only where packing is the step: nobody packs files that are
/// not even stripped, and UPX takes minutes for them.
const UPX_LIMIT: u64 = 2 << 20;

/// Above this UPX's exhaustive search takes hours.
const ULTRA_BRUTE_LIMIT: u64 = 8 << 20;

/// What a file weighs, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// The file.
    pub elf: u64,
    /// Packed by `upx --ultra-brute`; none where that was not tried or UPX refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upx: Option<u64>,
    /// Its data in a squashfs-xz image made as the product's.
    pub flash: u64,
    /// What compiling the program's crates took of the processors, in seconds. Not the time on
    /// the clock, which depends on what else the machine does.
    pub build_seconds: f64,
    /// Of the file: two rows with the same hash are the same program.
    pub sha256: String,
}

/// A row's program, weighed.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// What was measured.
    pub weight: Weight,
    /// The program.
    pub file: PathBuf,
    /// Nothing had to be built.
    pub cached: bool,
}

/// What weighing needs.
pub struct Scales<'a> {
    /// Where finished rows are kept.
    pub cache: &'a Cache,
    /// The checkout; cargo runs in it, so that its compiler pin holds.
    pub root: &'a Path,
    /// UPX.
    pub upx: &'a Path,
    /// The compiler and the tools with their versions.
    pub tools: &'a str,
    /// What tells this worker's build folder from another's.
    pub room: String,
}

impl Scales<'_> {
    /// Builds and weighs, or finds what was built and weighed before.
    ///
    /// # Errors
    /// When the build or a tool fails.
    pub fn weigh(&self, recipe: &Recipe, log: &Log) -> Result<Weighed> {
        let mut key = recipe
            .key(Key::new("ladder", RECIPE))
            .field("tools", self.tools)
            .tree("source", &recipe.program.package, |path| !is_source(path))?;
        for patch in &recipe.patches {
            key = key.file("patch", patch)?;
        }
        // A stripped or packed program is the one that was weighed before, stripped or packed.
        let before = recipe.before_last_tool();
        let before = before.map(|before| self.weigh(&before, log)).transpose()?;
        let entry = self
            .cache
            .entry("ladder", &key, log, |rooms| match &before {
                Some(before) => self.finish(recipe, before, rooms, log),
                None => self.make(recipe, rooms, log),
            })?;
        let text = fs::read_to_string(entry.path.join(WEIGHT))?;
        Ok(Weighed {
            weight: serde_json::from_str(&text).context("a cached weight")?,
            file: entry.path.join(&recipe.program.name),
            cached: entry.hit,
        })
    }

    fn make(&self, recipe: &Recipe, rooms: &Rooms, log: &Log) -> Result<()> {
        let package = recipe.prepare(rooms.work, log)?;
        // One for each target and worker, so that several can be built side by side.
        let room = format!("ladder-target-{}{}", recipe.target.triple, self.room);
        let target = self.cache.root().join(&room);
        let file = rooms.out.join(&recipe.program.name);
        let build_seconds = self.cache.exclusively(&room, log, || {
            // What runs during the build (procedural macros) is the same for all rows and
            // stays; what is measured begins with nothing.
            remove(&target.join(&recipe.target.triple))?;
            let mut cargo = recipe.command(&package, &target);
            let seconds = log.run_counted(cargo.current_dir(self.root))?;
            let product = recipe.product(&target);
            fs::copy(&product, &file)
                .with_context(|| format!("cargo left no {}", product.display()))?;
            Ok(seconds)
        })?;
        self.note(recipe, build_seconds, rooms, log)
    }

    fn finish(&self, recipe: &Recipe, before: &Weighed, rooms: &Rooms, log: &Log) -> Result<()> {
        let file = rooms.out.join(&recipe.program.name);
        match recipe.upx {
            true => self
                .run_upx(&before.file, &file, log)
                .context("UPX does not pack this program")?,
            false => {
                let mut strip = tool(&recipe.target.strip);
                log.run(
                    strip
                        .arg("--strip-all")
                        .arg("-o")
                        .arg(&file)
                        .arg(&before.file),
                )?;
            }
        }
        self.note(recipe, before.weight.build_seconds, rooms, log)
    }

    fn note(&self, recipe: &Recipe, build_seconds: f64, rooms: &Rooms, log: &Log) -> Result<()> {
        let file = rooms.out.join(&recipe.program.name);
        let elf = fs::metadata(&file)?.len();
        let weight = Weight {
            elf,
            upx: match recipe.upx {
                true => Some(elf),
                false => self.packed_size(&file, rooms.work, log)?,
            },
            flash: on_flash(&file, recipe.target.bcj.as_deref(), "1M", rooms.work, log)?,
            build_seconds: (build_seconds * 10.0).round() / 10.0,
            sha256: sha256_file(&file)?,
        };
        fs::write(
            rooms.out.join(WEIGHT),
            serde_json::to_string_pretty(&weight)?,
        )?;
        Ok(())
    }

    /// The size of a program packed by UPX; none where it is too large to try, or of a kind
    /// that UPX refuses.
    fn packed_size(&self, file: &Path, work: &Path, log: &Log) -> Result<Option<u64>> {
        if fs::metadata(file)?.len() > UPX_LIMIT {
            return Ok(None);
        }
        let to = work.join("packed");
        match self.run_upx(file, &to, log) {
            Ok(()) => Ok(Some(fs::metadata(to)?.len())),
            Err(_) => Ok(None),
        }
    }

    fn run_upx(&self, file: &Path, to: &Path, log: &Log) -> Result<()> {
        let effort: &[&str] = match fs::metadata(file)?.len() > ULTRA_BRUTE_LIMIT {
            true => &["--best", "--lzma"],
            false => &["--ultra-brute"],
        };
        log.run(
            tool(self.upx)
                .arg("-q")
                .args(effort)
                .arg("-o")
                .arg(to)
                .arg(file),
        )
    }
}

/// What a program is compiled from, by its path in the package.
pub fn is_source(path: &Path) -> bool {
    let ignored = ["target", "tests", "proptest-regressions"];
    let document = path.extension().is_some_and(|extension| extension == "md");
    !document
        && !ignored.iter().any(|folder| path.starts_with(folder))
        && path != Path::new("profiles.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_documents_do_not_make_another_program() {
        assert!(is_source(Path::new("src/main.rs")) && is_source(Path::new("src/page.html")));
        for path in ["target/x", "tests/a.rs", "README.md"] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }
}
