//! EROFS: plain, inline, chunked and compressed files.
//!
//! Format: fs/erofs/erofs_fs.h and Documentation/filesystems/erofs.rst in Linux.

mod cluster;
mod inode;

use std::collections::HashSet;

use super::field::{le16, le32, le64};
use super::files::{Collector, PATH_MAX};
use super::{Content, Damage, Files, Finding, Found, OtherKind, Part};
use crate::report::Kind;
use inode::Inode;

const WHAT: &str = "erofs image";

/// The offset of the superblock.
const SUPERBLOCK: usize = 1024;

/// The bytes of folders that are read. Damaged inodes could name the same folder again and again.
const FOLDERS: u64 = 64 << 20;

fn damage(reason: impl Into<String>) -> Damage {
    Damage::tables(WHAT, reason)
}

/// An image, and what its superblock says.
struct Image<'a> {
    bytes: &'a [u8],
    /// The exponent of the size of a block.
    bits: u32,
    /// Where the inodes are.
    inodes: u64,
    /// Whether compressed data end with their block.
    at_end: bool,
}

/// An EROFS at the start of `bytes`.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let superblock = bytes.get(SUPERBLOCK..SUPERBLOCK + 128)?;
    let bits = u32::from(superblock[12]);
    if !superblock.starts_with(b"\xe2\xe1\xf5\xe0") || !(9..=16).contains(&bits) {
        return None;
    }
    let length = u64::from(le32(superblock, 36)?) << bits;
    if length > bytes.len() as u64 {
        return Some(Err(Damage::short(WHAT, bytes.len(), length)));
    }
    let image = Image {
        bytes: &bytes[..length as usize],
        bits,
        inodes: u64::from(le32(superblock, 40)?) << bits,
        at_end: le32(superblock, 80)? & 1 != 0,
    };
    let root = u64::from(le16(superblock, 14)?);
    Some(image.files(root).map(|files| {
        let part = Part {
            content: Content::Files(files),
            ..Part::plain("erofs", Kind::Filesystem, image.bytes.len())
        };
        Found::new(part, image.bytes.len())
    }))
}

impl Image<'_> {
    /// The bytes at a place.
    fn at(&self, start: u64, length: u64) -> Result<&[u8], Damage> {
        let range = start.checked_add(length).and_then(|end| {
            let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
            self.bytes.get(start..end)
        });
        range.ok_or_else(|| damage(format!("data at {start:#x} lie outside the image")))
    }

    /// All files, from the root inode down.
    fn files(&self, root: u64) -> Result<Files, Damage> {
        let mut files = Collector::new(WHAT, 0..self.bytes.len());
        let mut seen = HashSet::new();
        let mut waiting = vec![(root, String::new())];
        let mut budget = FOLDERS;
        while let Some((number, path)) = waiting.pop() {
            let inode = Inode::read(self, number)?;
            match inode.mode & 0o17_0000 {
                0o4_0000 => {
                    if !seen.insert(number) {
                        return Err(damage(format!("the folder {path}/ is in two places")));
                    }
                    budget = budget
                        .checked_sub(inode.size)
                        .ok_or_else(|| damage("its folders take more than 64 MiB"))?;
                    let content = inode.flat(self)?;
                    for block in content.chunks(1 << self.bits) {
                        list(block, &path, &mut waiting)?;
                    }
                    if !path.is_empty() {
                        files.other(path, OtherKind::Folder)?;
                    }
                }
                0o10_0000 => {
                    let spans = inode.spans(self, &mut files)?;
                    files.file(path, inode.size, spans)?;
                }
                0o12_0000 => {
                    if inode.size > PATH_MAX as u64 {
                        return Err(damage("a symlink is longer than 4096 bytes"));
                    }
                    let target = String::from_utf8_lossy(&inode.flat(self)?).into_owned();
                    files.other(path, OtherKind::Symlink(target))?;
                }
                _ => files.other(path, OtherKind::Special)?,
            }
        }
        files.finish()
    }
}

/// The entries of a block of a folder: numbers and places of the names, then the names.
fn list(block: &[u8], path: &str, entries: &mut Vec<(u64, String)>) -> Result<(), Damage> {
    let short = || damage(format!("the folder {path}/ is cut short"));
    let first = usize::from(le16(block, 8).ok_or_else(short)?);
    let count = first / 12;
    for index in 0..count {
        let entry = 12 * index;
        let inode = le64(block, entry).ok_or_else(short)?;
        let start = usize::from(le16(block, entry + 8).ok_or_else(short)?);
        let end = match index + 1 == count {
            true => block.len(),
            false => usize::from(le16(block, entry + 20).ok_or_else(short)?),
        };
        let name = block.get(start..end).ok_or_else(short)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name == b"." || name == b".." {
            continue;
        }
        if path.len() + 1 + name.len() > PATH_MAX {
            return Err(damage("a path is longer than 4096 bytes"));
        }
        let name = String::from_utf8_lossy(name);
        entries.push((inode, format!("{path}/{name}")));
    }
    Ok(())
}
