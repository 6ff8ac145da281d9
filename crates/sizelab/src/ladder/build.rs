//! Building a row's program and measuring its size: the file, packed, and on flash.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::package::is_source;
use super::recipe::Recipe;
use crate::on_flash::on_flash;
use buildkit::cache::{Cache, Rooms};
use buildkit::command::{Log, tool};
use buildkit::files::{read_json, remove};
use buildkit::key::{Key, sha256_file};
use buildkit::lock::exclusively;

/// Rises when the code here changes what is measured.
const RECIPE: u32 = 1;

/// The name of the result in a cache entry.
const SIZES: &str = "weight.json";

/// Above this a program is packed only where packing is the step: nobody packs files that are
/// not even stripped, and UPX takes minutes for them.
const UPX_LIMIT: u64 = 2 << 20;

/// Above this UPX's exhaustive search takes hours.
const ULTRA_BRUTE_LIMIT: u64 = 8 << 20;

/// What a program takes, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
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

#[derive(Debug, Clone)]
pub struct BuiltProgram {
    pub sizes: Sizes,
    pub file: PathBuf,
    /// Nothing had to be built.
    pub cached: bool,
}

/// What building and measuring needs.
pub struct Builder<'a> {
    /// Where finished rows are kept.
    pub cache: &'a Cache,
    /// The checkout; cargo runs in it, so that its compiler pin holds.
    pub root: &'a Path,
    /// Where the Rust compiler is.
    pub sysroot: &'a Path,
    pub upx: &'a Path,
    /// The compiler and the tools with their versions.
    pub tools: &'a str,
    /// What tells this worker's build folder from another's.
    pub suffix: String,
}

impl Builder<'_> {
    /// Builds and measures, or finds what was built and measured before.
    pub fn build(&self, recipe: &Recipe, log: &Log) -> Result<BuiltProgram> {
        let mut key = recipe
            .key(Key::new("ladder", RECIPE))
            .field("tools", self.tools)
            .tree("source", &recipe.program.package, |path| !is_source(path))?;
        for patch in &recipe.patches {
            key = key.file("patch", patch)?;
        }
        // Linker and libraries are entries of the cache, and lld comes with rustc.
        key = key
            .called(self.cache.root(), "$CACHE")
            .called(self.sysroot, "$RUST");
        // A stripped or packed program is the one that was built before, stripped or packed.
        let before = recipe.before_last_tool();
        let before = before.map(|before| self.build(&before, log)).transpose()?;
        let entry = self
            .cache
            .entry("ladder", &key, log, |rooms| match &before {
                Some(before) => self.finish(recipe, before, rooms, log),
                None => self.make(recipe, rooms, log),
            })?;
        Ok(BuiltProgram {
            sizes: read_json(&entry.value.join(SIZES))?,
            file: entry.value.join(&recipe.program.name),
            cached: entry.cached,
        })
    }

    fn make(&self, recipe: &Recipe, rooms: &Rooms, log: &Log) -> Result<()> {
        let package = recipe.prepare(rooms.work, log)?;
        // One for each target and worker, so that several can be built side by side.
        let room = format!("{}{}", recipe.target.triple, self.suffix);
        let targets = self.root.join("out/ladder/target");
        let lock = targets.join(format!("{room}.lock"));
        let target = targets.join(room);
        fs::create_dir_all(&target)?;
        let file = rooms.out.join(&recipe.program.name);
        let build_seconds = exclusively(&lock, log, || {
            // What runs during the build (procedural macros) is the same for all rows and
            // stays; what is measured begins with nothing.
            remove(&target.join(&recipe.target.triple))?;
            let mut cargo = recipe.command(&package, &target);
            let seconds = log.run_counted(cargo.current_dir(self.root))?;
            let product = recipe.product(&target);
            fs::copy(&product, &file)
                .with_context(|| format!("cargo built no {}", product.display()))?;
            Ok(seconds)
        })?;
        self.measure(recipe, build_seconds, rooms, log)
    }

    fn finish(
        &self,
        recipe: &Recipe,
        before: &BuiltProgram,
        rooms: &Rooms,
        log: &Log,
    ) -> Result<()> {
        let file = rooms.out.join(&recipe.program.name);
        match recipe.upx {
            true => self
                .run_upx(&before.file, &file, log)
                .context("UPX cannot pack this program")?,
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
        self.measure(recipe, before.sizes.build_seconds, rooms, log)
    }

    fn measure(&self, recipe: &Recipe, build_seconds: f64, rooms: &Rooms, log: &Log) -> Result<()> {
        let file = rooms.out.join(&recipe.program.name);
        let elf = fs::metadata(&file)?.len();
        let sizes = Sizes {
            elf,
            upx: match recipe.upx {
                true => Some(elf),
                false => self.packed_size(&file, rooms.work, log)?,
            },
            flash: on_flash(&file, recipe.target.bcj.as_deref(), "1M", rooms.work, log)?,
            build_seconds: (build_seconds * 10.0).round() / 10.0,
            sha256: sha256_file(&file)?,
        };
        Ok(fs::write(
            rooms.out.join(SIZES),
            serde_json::to_string_pretty(&sizes)?,
        )?)
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
