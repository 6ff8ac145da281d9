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
use std::io::{BufReader, Read, Seek};

use backhand::{InnerNode, Squashfs as Reader, SquashfsFileReader};
pub use error::Error;
use extent::{Extent, Extents};
use serde::{Deserialize, Serialize};

use board::units::Bytes;

/// The size of the superblock, and the offset of the first data.
const SUPERBLOCK: u64 = 96;

/// The frag_index of a file without one (SQUASHFS_INVALID_FRAG).
const NO_FRAGMENT: u64 = 0xffff_ffff;

/// The contents of a squashfs image.
#[derive(Debug, Clone)]
pub struct Squashfs {
    /// Its compression: `xz`, `gzip`, `zstd`, `lz4` or `none`.
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
    others: BTreeMap<String, Other>,
    /// How many tails each fragment holds.
    tails: Vec<usize>,
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

/// What is no regular file.
#[derive(Debug, Clone)]
enum Other {
    Folder,
    Symlink(String),
    Special,
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
        let size = file.metadata()?.len();
        let head = error::check_head(&mut file, size)?;
        let reader = Reader::from_reader(BufReader::new(file)).map_err(Error::damaged)?;
        let superblock = reader.superblock;
        if !(SUPERBLOCK..=superblock.bytes_used).contains(&superblock.inode_table) {
            return Err(Error::Damaged(
                "its inodes lie outside the image".to_owned(),
            ));
        }
        let filesystem = reader.into_filesystem_reader().map_err(Error::damaged)?;
        let block_size = u64::from(superblock.block_size);
        let fragments = filesystem.fragments.as_deref().unwrap_or_default();
        let fragments = fragments
            .iter()
            .map(|f| (f.start, u64::from(f.size.size())))
            .collect();
        let mut extents = Extents::new(SUPERBLOCK..superblock.inode_table, block_size, fragments);
        let (mut files, mut others) = (Vec::new(), BTreeMap::new());
        for node in filesystem.files() {
            let path = node.fullpath.to_string_lossy().into_owned();
            let other = match &node.inner {
                InnerNode::File(inode) => {
                    files.push(Self::file(path, inode, block_size, &mut extents)?);
                    continue;
                }
                InnerNode::Dir(_) => Other::Folder,
                InnerNode::Symlink(link) => Other::Symlink(link.link.to_string_lossy().into()),
                _ => Other::Special,
            };
            others.insert(path, other);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let (stored, tails) = extents.finish(&mut files)?;
        Ok(Squashfs {
            compressor: head.compressor.to_owned(),
            block_size: Bytes(block_size),
            size: Bytes(size),
            files,
            metadata: Bytes(superblock.bytes_used - stored),
            padding: Bytes(size - superblock.bytes_used),
            others,
            tails,
        })
    }

    fn file(
        path: String,
        inode: &SquashfsFileReader,
        block_size: u64,
        extents: &mut Extents,
    ) -> Result<File, Error> {
        let raw = inode.file_len() as u64;
        let mut own = Vec::new();
        let mut at = inode.blocks_start();
        for block in inode.block_sizes() {
            let stored = u64::from(block.size());
            // Nothing is stored for a block of zeros.
            if stored > 0 {
                own.push(
                    extents
                        .block(at, stored)
                        .ok_or_else(|| Error::outside(&path))?,
                );
                at += stored;
            }
        }
        if inode.frag_index() as u64 != NO_FRAGMENT {
            let tail = raw % block_size;
            let place = (inode.frag_index(), u64::from(inode.block_offset()), tail);
            own.push(extents.tail(place).ok_or_else(|| Error::outside(&path))?);
        }
        Ok(File {
            path,
            raw: Bytes(raw),
            on_flash: Bytes(0),
            exact: true,
            shared: Bytes(0),
            shared_with: None,
            extents: own,
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
            if let Some(Other::Symlink(target)) = self.others.get(&path[..end]) {
                return Err(PathError::Symlink {
                    link: path[..end].to_owned(),
                    target: target.clone(),
                });
            }
        }
        match self.others.get(path) {
            Some(Other::Folder) => {
                let below = format!("{path}/");
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
            stored.extend(file.extents.iter().map(|extent| (extent.place, extent)));
        }
        let mut tails: BTreeMap<usize, usize> = BTreeMap::new();
        for fragment in stored.values().filter_map(|extent| extent.fragment) {
            *tails.entry(fragment).or_default() += 1;
        }
        Content {
            raw: Bytes(raw),
            on_flash: Bytes(stored.values().map(|extent| extent.bytes).sum()),
            // A fragment of which all is meant needs no dividing.
            exact: tails
                .iter()
                .all(|(fragment, count)| self.tails[*fragment] == *count),
        }
    }
}
