//! The size of each file in a squashfs image, from the image's own tables.
//!
//! A file's data consists of blocks, each compressed separately. The inode records their
//! stored sizes, so these bytes are exact. The ends of several files may share a fragment,
//! which is compressed as a single block. Its bytes are divided in proportion to the
//! uncompressed lengths, and the files are marked as not exact. Identical data (hard links,
//! and duplicates that mksquashfs finds) is stored once: it counts for every path, and all
//! but the first have it as [`shared`](File::shared).
//!
//! The files' own bytes, the [metadata](Squashfs::metadata) and the
//! [padding](Squashfs::padding) add up to the exact size of the image.
//!
//! Format: Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h in
//! Linux, version 4.0, little-endian.

mod error;
mod extent;

use std::collections::BTreeMap;
use std::fs::File as FsFile;
use std::io::{Read, Seek};

pub use error::Error;
use extent::{Extent, Extents};
use serde::{Deserialize, Serialize};

use crate::parts::{OtherKind, squashfs};
use board::units::Bytes;

/// The contents of a squashfs image.
#[derive(Debug, Clone)]
pub struct Squashfs {
    /// Its compression: `gzip`, `lzma`, `lzo`, `xz`, `lz4` or `zstd`.
    pub compressor: String,
    /// The size of an uncompressed block.
    pub block_size: Bytes,
    /// The size of the image file.
    pub size: Bytes,
    /// Its regular files, by path.
    pub files: Vec<File>,
    /// Superblock, inodes, directories and the other tables, and data that no file
    /// refers to.
    pub metadata: Bytes,
    /// The bytes from the end of the file system to the end of the image file.
    pub padding: Bytes,
    /// What is no regular file, by path.
    others: BTreeMap<String, OtherKind>,
    /// How many pieces of files each block holds.
    pieces: Vec<usize>,
}

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path from `/`.
    pub path: String,
    /// Its size.
    pub raw: Bytes,
    /// The bytes of its data in the image.
    pub on_flash: Bytes,
    /// Whether `on_flash` is exact, not divided in proportion.
    pub exact: bool,
    /// The part of `on_flash` that is already stored for an earlier path.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shared: Bytes,
    /// The first path that stores a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<String>,
    /// Where its data lie.
    #[serde(skip)]
    extents: Vec<Extent>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(bytes: &Bytes) -> bool {
    bytes.get() == 0
}

impl File {
    /// The bytes that no earlier path stores.
    #[must_use]
    pub fn own(&self) -> Bytes {
        Bytes(self.on_flash.get() - self.shared.get())
    }
}

/// The size of a path in the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The size of the file, or of all files in the folder.
    pub raw: Bytes,
    /// The bytes of the data in the image, each counted once.
    pub on_flash: Bytes,
    /// Whether `on_flash` is exact.
    pub exact: bool,
}

/// Why a path has no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path does not exist.
    #[error("the image does not have it{}", near.as_ref().map(|near| format!(", only {near}")).unwrap_or_default())]
    Missing {
        /// A path with the same file name.
        near: Option<String>,
    },
    /// The path, or a folder on the way to it, is a symlink.
    #[error("{link} is a symlink to {target}: name the file itself")]
    Symlink {
        /// The symlink's path.
        link: String,
        /// The symlink's target.
        target: String,
    },
    /// A device, pipe or socket.
    #[error("it is a device, pipe or socket and has no data")]
    Special,
}

impl Squashfs {
    /// Whether the file starts as a squashfs does, little or big endian.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn is_one(mut file: impl Read + Seek) -> std::io::Result<bool> {
        let mut magic = Vec::with_capacity(4);
        file.rewind()?;
        file.by_ref().take(4).read_to_end(&mut magic)?;
        file.rewind()?;
        Ok(magic == *b"hsqs" || magic == *b"sqsh")
    }

    /// Reads the image's tables.
    ///
    /// # Errors
    ///
    /// If it is not a squashfs, is cut short or damaged, or is of an unsupported kind.
    pub fn read(mut file: FsFile) -> Result<Squashfs, Error> {
        let mut image = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut image)?;
        let head = error::check_head(&image)?;
        let contents = squashfs::files(&image, head)?;
        let mut extents = Extents::new(&contents.blocks);
        let mut files = Vec::new();
        for file in &contents.files {
            files.push(File {
                path: file.path.clone(),
                raw: Bytes(file.size),
                on_flash: Bytes(0),
                exact: true,
                shared: Bytes(0),
                shared_with: None,
                extents: file.spans.iter().map(|span| extents.piece(*span)).collect(),
            });
        }
        let (stored, pieces) = extents.finish(&mut files);
        let mut others = BTreeMap::from([("/".to_owned(), OtherKind::Folder)]);
        others.extend(contents.others.into_iter().map(|o| (o.path, o.kind)));
        Ok(Squashfs {
            compressor: head.compressor().unwrap_or_default().to_owned(),
            block_size: Bytes(head.block_size as u64),
            size: Bytes(image.len() as u64),
            files,
            metadata: Bytes(head.used - stored),
            padding: Bytes(image.len() as u64 - head.used),
            others,
            pieces,
        })
    }

    /// The size of the file or folder at `path`. Within a folder, data that several files
    /// share counts once.
    ///
    /// # Errors
    ///
    /// If the path does not exist or cannot have data.
    pub fn content(&self, path: &str) -> Result<Content, PathError> {
        for (end, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
            if let Some(OtherKind::Symlink(target)) = self.others.get(&path[..end]) {
                return Err(PathError::Symlink {
                    link: path[..end].to_owned(),
                    target: target.clone(),
                });
            }
        }
        match self.others.get(path) {
            Some(OtherKind::Folder) => {
                let below = format!("{}/", path.trim_end_matches('/'));
                let within = self
                    .files
                    .iter()
                    .filter(|file| file.path.starts_with(&below));
                return Ok(self.sum(within));
            }
            Some(_) => return Err(PathError::Special),
            None => {}
        }
        match self.files.iter().find(|file| file.path == path) {
            Some(file) => Ok(self.sum([file].into_iter())),
            None => {
                let name = path.rsplit('/').next();
                let near = self
                    .files
                    .iter()
                    .find(|file| file.path.rsplit('/').next() == name);
                Err(PathError::Missing {
                    near: near.map(|file| file.path.clone()),
                })
            }
        }
    }

    fn sum<'a>(&self, files: impl Iterator<Item = &'a File>) -> Content {
        let (mut raw, mut stored) = (0, BTreeMap::new());
        for file in files {
            raw += file.raw.get();
            stored.extend(
                file.extents
                    .iter()
                    .map(|extent| (extent.place, extent.bytes)),
            );
        }
        let mut pieces: BTreeMap<usize, usize> = BTreeMap::new();
        for (block, ..) in stored.keys() {
            *pieces.entry(*block).or_default() += 1;
        }
        Content {
            raw: Bytes(raw),
            on_flash: Bytes(stored.values().sum()),
            // A block of which all is meant needs no dividing.
            exact: pieces
                .iter()
                .all(|(block, count)| self.pieces[*block] == *count),
        }
    }
}
