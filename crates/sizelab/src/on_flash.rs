//! What files take on flash: in a squashfs image made as the product's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flashfit::squashfs::Squashfs;

use buildkit::command::{Log, tool};

/// The bytes that a file's data take in a squashfs image of the product's kind: xz, the CPU's
/// branch filter, and blocks of 1 MiB unless another size is asked for.
pub fn on_flash(
    file: &Path,
    bcj: Option<&str>,
    block: &str,
    work: &Path,
    log: &Log,
) -> Result<u64> {
    files_on_flash(&[file.to_owned()], bcj, block, work, log)
}

/// The same of several files together.
pub fn files_on_flash(
    files: &[PathBuf],
    bcj: Option<&str>,
    block: &str,
    work: &Path,
    log: &Log,
) -> Result<u64> {
    let image = work.join("rootfs.squashfs");
    let mut command = tool("mksquashfs");
    // It refuses to have the time from two places.
    command.env_remove("SOURCE_DATE_EPOCH");
    command
        .args(files)
        .arg(&image)
        .args([
            "-noappend",
            "-no-fragments",
            "-all-root",
            "-no-xattrs",
            "-mkfs-time",
            "0",
        ])
        .args([
            "-comp",
            "xz",
            "-b",
            block,
            "-Xdict-size",
            "100%",
            "-quiet",
            "-no-progress",
        ]);
    if let Some(filter) = bcj {
        command.args(["-Xbcj", filter]);
    }
    log.run(&mut command)?;
    let squashfs = Squashfs::read(fs::File::open(&image)?)?;
    Ok(squashfs.files.iter().map(|file| file.on_flash.get()).sum())
}
