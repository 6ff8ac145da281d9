//! Folders and inodes of a squashfs.

use std::collections::HashSet;

use super::table::Table;
use super::{Reader, damage};
use crate::parts::field::{le16, le32, le64};
use crate::parts::files::PATH_MAX;
use crate::parts::{Damage, OtherKind, Span};

/// The fragment of a file without one (SQUASHFS_INVALID_FRAG).
const NO_FRAGMENT: u32 = 0xffff_ffff;

/// The bytes of folders that are read. Damaged inodes could name the same folder again and again.
const FOLDERS: usize = 64 << 20;

/// An inode: where its data or its list are.
enum Inode {
    File(Regular),
    Folder {
        block: usize,
        offset: usize,
        size: usize,
    },
    Symlink(String),
    Special,
}

struct Regular {
    start: u64,
    size: u64,
    fragment: u32,
    offset: u32,
    /// The place of the list of block sizes in the unpacked inodes.
    list: usize,
}

/// Reads all files, from the root inode down.
pub(super) fn read(
    reader: &mut Reader,
    inodes: &mut Table<'_>,
    folders: &mut Table<'_>,
    root: u64,
) -> Result<(), Damage> {
    let mut seen = HashSet::new();
    let mut waiting = vec![(root, String::new())];
    let mut budget = FOLDERS;
    while let Some((reference, path)) = waiting.pop() {
        let place = inodes.place((reference >> 16) as usize, (reference & 0xffff) as usize)?;
        match inode(inodes, place)? {
            Inode::Folder {
                block,
                offset,
                size,
            } => {
                if !seen.insert(place) {
                    return Err(damage(format!("the folder {path}/ is in two places")));
                }
                // 3 is the size of an empty one.
                let size = size.saturating_sub(3);
                budget = budget
                    .checked_sub(size)
                    .ok_or_else(|| damage("its folders take more than 64 MiB"))?;
                if size > 0 {
                    let place = folders.place(block, offset)?;
                    list(folders.read(place, size)?, &path, &mut waiting)?;
                }
                if !path.is_empty() {
                    reader.files.other(path, OtherKind::Folder)?;
                }
            }
            Inode::File(file) => {
                let spans = spans(reader, inodes, &file)?;
                reader.files.file(path, file.size, spans)?;
            }
            Inode::Symlink(target) => reader.files.other(path, OtherKind::Symlink(target))?,
            Inode::Special => reader.files.other(path, OtherKind::Special)?,
        }
    }
    Ok(())
}

/// The entries of a folder.
fn list(bytes: &[u8], path: &str, entries: &mut Vec<(u64, String)>) -> Result<(), Damage> {
    let short = || damage(format!("the folder {path}/ is cut short"));
    let mut at = 0;
    while at < bytes.len() {
        let count = le32(bytes, at).ok_or_else(short)?;
        let block = le32(bytes, at + 4).ok_or_else(short)?;
        at += 12;
        for _ in 0..=count {
            let offset = le16(bytes, at).ok_or_else(short)?;
            let length = usize::from(le16(bytes, at + 6).ok_or_else(short)?) + 1;
            let name = bytes.get(at + 8..at + 8 + length).ok_or_else(short)?;
            at += 8 + length;
            if path.len() + 1 + length > PATH_MAX {
                return Err(damage("a path is longer than 4096 bytes"));
            }
            let name = String::from_utf8_lossy(name);
            let reference = u64::from(block) << 16 | u64::from(offset);
            entries.push((reference, format!("{path}/{name}")));
        }
    }
    Ok(())
}

/// The inode at a place, as fs/squashfs/squashfs_fs.h has it.
fn inode(table: &mut Table<'_>, at: usize) -> Result<Inode, Damage> {
    let kind = le16(table.read(at, 2)?, 0).unwrap_or_default();
    let length = match kind {
        1 | 2 => 32,
        3 | 10 => 24,
        8 => 40,
        9 => 56,
        4..=7 | 11..=14 => 16,
        other => return Err(damage(format!("an inode has the unknown type {other}"))),
    };
    let bytes = table.read(at, length)?;
    let half = |at| usize::from(le16(bytes, at).unwrap_or_default());
    let word = |at| le32(bytes, at).unwrap_or_default();
    let long = |at| le64(bytes, at).unwrap_or_default();
    Ok(match kind {
        1 => Inode::Folder {
            block: word(16) as usize,
            size: half(24),
            offset: half(26),
        },
        8 => Inode::Folder {
            size: word(20) as usize,
            block: word(24) as usize,
            offset: half(34),
        },
        2 => Inode::File(Regular {
            start: u64::from(word(16)),
            fragment: word(20),
            offset: word(24),
            size: u64::from(word(28)),
            list: at + length,
        }),
        9 => Inode::File(Regular {
            start: long(16),
            size: long(24),
            fragment: word(44),
            offset: word(48),
            list: at + length,
        }),
        3 | 10 => {
            let size = word(20) as usize;
            if size > PATH_MAX {
                return Err(damage("a symlink is longer than 4096 bytes"));
            }
            let target = table.read(at + length, size)?;
            Inode::Symlink(String::from_utf8_lossy(target).into_owned())
        }
        _ => Inode::Special,
    })
}

/// Where a file's data are: its own blocks, and its end in a fragment.
fn spans(reader: &mut Reader, inodes: &mut Table<'_>, file: &Regular) -> Result<Vec<Span>, Damage> {
    let block_size = reader.block_size as u64;
    let tail = file.size % block_size;
    let fragment = (file.fragment != NO_FRAGMENT).then_some(file.fragment);
    let blocks = match fragment {
        Some(_) => file.size / block_size,
        None => file.size.div_ceil(block_size),
    };
    let mut spans = Vec::new();
    let mut start = file.start;
    for index in 0..blocks {
        let place = usize::try_from(index)
            .ok()
            .and_then(|index| index.checked_mul(4));
        let place = place.ok_or_else(|| damage("a file has too many blocks"))?;
        let entry = le32(inodes.read(file.list + place, 4)?, 0).unwrap_or_default();
        let at = index * block_size;
        let length = (file.size - at).min(block_size) as usize;
        // Nothing is stored for a block of zeros.
        if entry & 0x00ff_ffff == 0 {
            continue;
        }
        let block = reader.block(start, entry)?;
        start += u64::from(entry & 0x00ff_ffff);
        spans.push(Span {
            at,
            block,
            offset: 0,
            length,
        });
    }
    if let (Some(fragment), true) = (fragment, tail > 0) {
        let entry = reader.fragments.get(fragment as usize).copied();
        let (start, size) = entry.ok_or_else(|| damage("a file ends in an absent fragment"))?;
        let block = reader.block(start, size)?;
        spans.push(Span {
            at: file.size - tail,
            block,
            offset: file.offset as usize,
            length: tail as usize,
        });
    }
    Ok(spans)
}
