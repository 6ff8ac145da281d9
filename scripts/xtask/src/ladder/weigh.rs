//! Building a row's program and weighing it: the file, packed, and on flash.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use flashfit::squashfs::Squashfs;
use serde::{Deserialize, Serialize};

use super::recipe::Recipe;
use crate::cache::{Cache, Rooms};
use crate::command::{Log, tool};
use crate::key::Key;

/// Rises when the code here changes what is measured.
const RECIPE: u32 = 1;

/// The name of the result in a cache entry.
const WEIGHT: &str = "weight.json";

/// Above this UPX's exhaustive search takes many minutes; only unstripped files are so large.
const UPX_LIMIT: u64 = 6 << 20;

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
    /// How long the build took, from nothing, in seconds.
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
}

impl Scales<'_> {
    /// Builds and weighs, or finds what was built and weighed before.
    ///
    /// # Errors
    /// When the build or a tool fails.
    pub fn weigh(&self, recipe: &Recipe, log: &Log) -> Result<Weighed> {
        let key = recipe
            .key(Key::new("ladder", RECIPE))
            .field("tools", self.tools)
            .field("upx", recipe.upx.to_string())
            .tree("source", &recipe.program.package, |path| {
                path.starts_with("target") || path.starts_with("tests")
            })?;
        let mut key = key;
        for (name, folder) in &recipe.patches {
            key = key.tree(&format!("patch {name}"), folder, |_| false)?;
        }
        let entry = self
            .cache
            .entry("ladder", &key, log, |rooms| self.make(recipe, rooms, log))?;
        let text = fs::read_to_string(entry.path.join(WEIGHT))?;
        Ok(Weighed {
            weight: serde_json::from_str(&text).context("a cached weight")?,
            file: entry.path.join(&recipe.program.name),
            cached: entry.hit,
        })
    }

    fn make(&self, recipe: &Recipe, rooms: &Rooms, log: &Log) -> Result<()> {
        let since = Instant::now();
        log.run(recipe.command(rooms.work).current_dir(self.root))?;
        let build_seconds = since.elapsed().as_secs_f64();
        let file = rooms.out.join(&recipe.program.name);
        fs::copy(recipe.product(rooms.work), &file)
            .with_context(|| format!("cargo left no {}", recipe.product(rooms.work).display()))?;
        let packed = self.pack(&file, &rooms.work.join("packed"), log)?;
        if recipe.upx {
            let packed = rooms.work.join("packed");
            fs::copy(&packed, &file).context("UPX does not pack this program")?;
        }
        let weight = Weight {
            elf: fs::metadata(&file)?.len(),
            upx: packed,
            flash: on_flash(&file, recipe.target.bcj.as_deref(), rooms.work, log)?,
            build_seconds: (build_seconds * 10.0).round() / 10.0,
            sha256: crate::key::sha256_file(&file)?,
        };
        fs::write(rooms.out.join(WEIGHT), serde_json::to_string_pretty(&weight)?)?;
        Ok(())
    }

    /// The size of a program packed by UPX; none where it is too large to try, or of a kind
    /// that UPX refuses.
    fn pack(&self, file: &Path, to: &Path, log: &Log) -> Result<Option<u64>> {
        if fs::metadata(file)?.len() > UPX_LIMIT {
            return Ok(None);
        }
        let packed = log.run(
            tool(self.upx)
                .args(["-q", "--ultra-brute", "-o"])
                .arg(to)
                .arg(file),
        );
        match packed {
            Ok(()) => Ok(Some(fs::metadata(to)?.len())),
            Err(_) => Ok(None),
        }
    }
}

/// The bytes that a file's data take in a squashfs image of the product's kind: xz, blocks
/// of 1 MiB, the CPU's branch filter.
///
/// # Errors
/// When mksquashfs fails or its image cannot be read.
pub fn on_flash(file: &Path, bcj: Option<&str>, work: &Path, log: &Log) -> Result<u64> {
    on_flash_with(file, bcj, "1M", work, log)
}

/// [`on_flash`] with another block size.
///
/// # Errors
/// Those of [`on_flash`].
pub fn on_flash_with(
    file: &Path,
    bcj: Option<&str>,
    block: &str,
    work: &Path,
    log: &Log,
) -> Result<u64> {
    let image = work.join("rootfs.squashfs");
    let mut command = tool("mksquashfs");
    command.env_remove("SOURCE_DATE_EPOCH");
    command
        .arg(file)
        .arg(&image)
        .args(["-noappend", "-no-fragments", "-all-root", "-no-xattrs", "-mkfs-time", "0"])
        .args(["-comp", "xz", "-b", block, "-Xdict-size", "100%", "-quiet", "-no-progress"]);
    if let Some(filter) = bcj {
        command.args(["-Xbcj", filter]);
    }
    log.run(&mut command)?;
    let squashfs = Squashfs::open(&image)?;
    Ok(squashfs.files.iter().map(|file| file.on_flash.get()).sum())
}
