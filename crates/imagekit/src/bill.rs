//! `imagekit sbom`: the bill of materials of an image folder, and its licence texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use board::Board;
use sbom::foreign::{self, Package};
use sbom::{Firmware, Image, Inventory, Source, document, notices, upstream};

use crate::build_json::BuildRecord;
use crate::variables::load;

/// The bill of materials in an image folder, CycloneDX 1.6.
pub const DOCUMENT: &str = "sbom.cdx.json";

/// The licence texts in an image folder.
pub const NOTICES: &str = "licences.txt";

/// What the bill is made of beside the image folder.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// The image folder, with build.json and board.toml
    images: PathBuf,
    /// A file that `imagekit crates --json` wrote
    #[arg(long = "crates", value_name = "FILE")]
    crates: Vec<PathBuf>,
    /// A licence text of a component: NAME=FILE
    #[arg(long = "text", value_name = "NAME=FILE", value_parser = pair)]
    texts: Vec<(String, PathBuf)>,
    /// What Buildroot's `make show-info` prints of its packages
    #[arg(long, value_name = "FILE")]
    buildroot_packages: Option<PathBuf>,
    /// Buildroot's packages-file-list.txt: a package without a file in --rootfs is not listed
    #[arg(
        long,
        value_name = "FILE",
        requires = "buildroot_packages",
        requires = "rootfs"
    )]
    file_list: Option<PathBuf>,
    /// The folder of the root file system
    #[arg(long, value_name = "FOLDER", requires = "file_list")]
    rootfs: Option<PathBuf>,
    /// The license.manifest of a bitbake image
    #[arg(long, value_name = "FILE", conflicts_with = "buildroot_packages")]
    yocto_packages: Option<PathBuf>,
    /// Another CycloneDX document of the same image, whose components are joined with these
    #[arg(long, value_name = "FILE")]
    join: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("NAME=PATH")?;
    Ok((name.to_owned(), path.into()))
}

/// Writes both files into the image folder.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(args: &Args) -> Result<()> {
    let inventories = args.crates.iter().map(|path| Inventory::load(path));
    let mut firmware = firmware(&args.images, &inventories.collect::<Result<Vec<_>>>()?)?;
    for package in args.packages()? {
        firmware.add_package(args.builder(), package);
    }
    for (name, file) in &args.texts {
        firmware.add_text(name, file)?;
    }
    let other = match &args.join {
        Some(path) => {
            let other = serde_json::from_str(&text(path)?);
            Some(other.with_context(|| format!("in {}", path.display()))?)
        }
        None => None,
    };
    let complete = args.buildroot_packages.is_some();
    write(firmware, other.as_ref(), complete, &args.images)
}

impl Args {
    /// The packages that the builder says are on the device.
    fn packages(&self) -> Result<Vec<Package>> {
        if let Some(path) = &self.buildroot_packages {
            let installed = match (&self.file_list, &self.rootfs) {
                (Some(list), Some(rootfs)) => {
                    Some(foreign::buildroot_installed(&text(list)?, rootfs))
                }
                _ => None,
            };
            return foreign::buildroot_packages(&text(path)?, installed.as_ref())
                .with_context(|| format!("in {}", path.display()));
        }
        match &self.yocto_packages {
            Some(path) => foreign::yocto_packages(&text(path)?)
                .with_context(|| format!("in {}", path.display())),
            None => Ok(Vec::new()),
        }
    }

    fn builder(&self) -> &'static str {
        match self.buildroot_packages {
            Some(_) => "buildroot",
            None => "yocto",
        }
    }
}

/// The firmware in a finished image folder, with the crates of its programs.
///
/// # Errors
/// When build.json or board.toml cannot be used.
pub fn firmware(images: &Path, inventories: &[Inventory]) -> Result<Firmware> {
    let record = BuildRecord::load(&images.join("build.json"))?;
    let board = load(&images.join("board.toml"))?;
    let programs = inventories.iter().flat_map(|one| one.programs.iter());
    let program = programs.map(String::as_str).next();
    let mut firmware = Firmware::new(Image {
        name: format!("{}-{}", program.unwrap_or("firmware"), board.name),
        version: record.git_revision.clone(),
        facts: facts(&record),
        files: on_device(&board, &record)?,
    });
    for (name, source) in &record.sources {
        let source = Source {
            version: source.version.clone(),
            archive: source.file.clone(),
            sha256: source.sha256.clone(),
        };
        firmware.add_source(name, &source);
    }
    // An external toolchain brings the C library along, and nobody knows its version.
    if let Some(name) = c_library(&record.target)
        && !record.sources.contains_key(name)
    {
        firmware.add_source(name, &Source::default());
    }
    if let Some(version) = gcc(&record.cc) {
        let version = version.to_owned();
        let source = Source {
            version,
            ..Source::default()
        };
        firmware.add_source(upstream::LIBGCC, &source);
    }
    for inventory in inventories {
        firmware.add_inventory(inventory);
    }
    if inventories.is_empty() {
        firmware.unknown.push("the server".to_owned());
    }
    Ok(firmware)
}

/// Writes both files, joined with another document. Of Buildroot's packages it adds none where the
/// firmware's are `complete`.
///
/// # Errors
/// When the other document is not CycloneDX, or a file cannot be written.
pub fn write(
    mut firmware: Firmware,
    other: Option<&serde_json::Value>,
    complete: bool,
    images: &Path,
) -> Result<()> {
    firmware.finish();
    let mut document = document::of(&firmware, epoch()?);
    if let Some(other) = other {
        foreign::join(&mut document, other, complete)?;
    }
    for (name, content) in [
        (DOCUMENT, document::to_text(document)?),
        (NOTICES, notices::of(&firmware)),
    ] {
        let path = images.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What makes up the chip's content, and that itself.
fn on_device(board: &Board, record: &BuildRecord) -> Result<BTreeMap<String, String>> {
    let images = board.partitions.iter();
    let images = images.filter_map(|partition| partition.image.as_ref());
    let mut names: Vec<String> = images.map(|image| image.display().to_string()).collect();
    names.push("flash.bin".to_owned());
    let files = record.files.iter();
    let files: BTreeMap<String, String> = files
        .filter(|(name, _)| names.contains(name))
        .map(|(name, sha256)| (name.clone(), sha256.clone()))
        .collect();
    ensure!(
        files.contains_key("flash.bin"),
        "build.json does not list flash.bin: write it when the image folder is finished"
    );
    Ok(files)
}

fn facts(record: &BuildRecord) -> BTreeMap<String, String> {
    let facts = [
        ("allocator", &record.allocator),
        ("board", &record.board),
        ("builder", &record.builder),
        ("cc", &record.cc),
        ("profile", &record.profile),
        ("target", &record.target),
    ];
    let mut facts: BTreeMap<String, String> = facts
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into();
    if let Some(release) = record.rustc.get("release") {
        facts.insert("rustc".to_owned(), release.clone());
    }
    facts
}

/// The C library that programs for the target are linked with.
fn c_library(target: &str) -> Option<&'static str> {
    let libraries = [("musl", "musl"), ("gnu", "glibc")];
    let found = libraries.iter().find(|(part, _)| target.contains(part));
    found.map(|(_, name)| *name)
}

/// GCC's version in `arm-linux-gnueabihf-gcc (Debian 12.2.0-14) 12.2.0; GNU ld …`.
fn gcc(cc: &str) -> Option<&str> {
    let first = cc.split(';').next()?;
    let version = first.split_whitespace().next_back()?;
    (first.contains("gcc") && version.starts_with(|c: char| c.is_ascii_digit())).then_some(version)
}

/// The time that the document may show (reproducible-builds.org, SOURCE_DATE_EPOCH).
fn epoch() -> Result<Option<u64>> {
    let Some(value) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let value = value.to_string_lossy();
    let epoch = value
        .parse()
        .with_context(|| format!("SOURCE_DATE_EPOCH={value} is not a number of seconds"))?;
    Ok(Some(epoch))
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_names_the_c_library() {
        assert_eq!(c_library("armv7-unknown-linux-musleabihf"), Some("musl"));
        assert_eq!(c_library("x86_64-unknown-linux-gnu"), Some("glibc"));
        assert_eq!(c_library("riscv64gc-unknown-none-elf"), None);
    }

    #[test]
    fn gccs_version_is_the_last_word_of_what_it_says() {
        let debian =
            "arm-linux-gnueabihf-gcc (Debian 12.2.0-14) 12.2.0; GNU ld (GNU Binutils) 2.40";
        assert_eq!(gcc(debian), Some("12.2.0"));
        assert_eq!(
            gcc("arm-linux-gcc.br_real (Buildroot 2026.05.1) 14.3.0; ld"),
            Some("14.3.0")
        );
        assert_eq!(gcc("unknown"), None);
    }
}
