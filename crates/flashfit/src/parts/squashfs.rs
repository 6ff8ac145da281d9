//! squashfs of version 4.0: which bytes of which block each file has.
//!
//! Format: Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h in Linux.

mod table;
mod tree;

use bitcost::Codec;

use super::field::{le16, le32, le64};
use super::files::Collector;
use super::{Content, Damage, Files, Finding, Found, Part};
use crate::report::Kind;
use table::Table;

const WHAT: &str = "squashfs";

/// The size of the superblock, and the offset of the first data.
pub(crate) const SUPERBLOCK: usize = 96;

/// A table that the image does not have.
const ABSENT: u64 = u64::MAX;

fn damage(reason: impl Into<String>) -> Damage {
    Damage::tables(WHAT, reason)
}

/// What the superblock says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// The number of its compressor.
    pub(crate) number: u16,
    /// The size of an uncompressed block.
    pub(crate) block_size: usize,
    /// The size of the file system.
    pub(crate) used: u64,
    /// Major and minor.
    pub(crate) version: (u16, u16),
}

impl Head {
    /// Reads the superblock; none if it is not one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Head> {
        if !bytes.starts_with(b"hsqs") || bytes.len() < SUPERBLOCK {
            return None;
        }
        Some(Head {
            number: le16(bytes, 20)?,
            block_size: le32(bytes, 12)? as usize,
            used: le64(bytes, 40)?,
            version: (le16(bytes, 28)?, le16(bytes, 30)?),
        })
    }

    /// The name of its compressor, if it is a known one.
    pub(crate) fn compressor(self) -> Option<&'static str> {
        self.codec().map(|(name, _)| name)
    }

    fn codec(self) -> Option<(&'static str, Codec)> {
        Some(match self.number {
            1 => ("gzip", Codec::Zlib),
            2 => ("lzma", Codec::Lzma),
            3 => ("lzo", Codec::Lzo1xBlock),
            4 => ("xz", Codec::Xz),
            5 => ("lz4", Codec::Lz4Block),
            6 => ("zstd", Codec::Zstd),
            _ => return None,
        })
    }
}

/// What a squashfs at the start of `bytes` consists of; none if there is none.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let head = Head::read(bytes)?;
    if head.version != (4, 0) {
        return None;
    }
    Some(files(bytes, head).map(|files| {
        let compressor = head.compressor().unwrap_or("unknown");
        let block_size = head.block_size >> 10;
        Found::new(
            Part {
                name: WHAT.to_owned(),
                kind: Kind::Filesystem,
                range: 0..head.used as usize,
                note: Some(format!("{compressor}, blocks of {block_size} KiB")),
                content: Content::Files(files),
            },
            head.used as usize,
        )
    }))
}

/// Reads all tables of an image of version 4.0.
pub(crate) fn files(bytes: &[u8], head: Head) -> Result<Files, Damage> {
    let used = usize::try_from(head.used)
        .ok()
        .filter(|used| *used <= bytes.len());
    let Some(used) = used else {
        return Err(Damage::short(WHAT, bytes.len(), head.used));
    };
    let image = &bytes[..used];
    let field = |at| le64(image, at).ok_or_else(|| Damage::short(WHAT, bytes.len(), 96));
    let Some((_, codec)) = head.codec() else {
        let compressor = head.number;
        return Err(damage(format!(
            "the compressor number {compressor} is unknown"
        )));
    };
    if !head.block_size.is_power_of_two() || !(4096..=1 << 20).contains(&head.block_size) {
        let size = head.block_size;
        return Err(damage(format!(
            "a block size of {size} bytes does not exist"
        )));
    }
    let inodes = place(field(64)?, image, "inodes")?;
    let folders = place(field(72)?, image, "folders")?;
    let mut reader = Reader {
        block_size: head.block_size,
        codec,
        fragments: fragments(image, codec, field(80)?)?,
        files: Collector::new(WHAT, SUPERBLOCK..inodes),
    };
    let mut inodes = Table::new(image, codec, inodes);
    let mut folders = Table::new(image, codec, folders);
    tree::read(&mut reader, &mut inodes, &mut folders, field(32)?)?;
    reader.files.finish()
}

fn place(at: u64, image: &[u8], what: &str) -> Result<usize, Damage> {
    let at = usize::try_from(at).ok();
    at.filter(|at| (SUPERBLOCK..image.len()).contains(at))
        .ok_or_else(|| damage(format!("its {what} lie outside the image")))
}

/// Start and size of each fragment. The table is a list of the places of its blocks.
fn fragments(image: &[u8], codec: Codec, at: u64) -> Result<Vec<(u64, u32)>, Damage> {
    let count = le32(image, 16).unwrap_or_default() as usize;
    let mut all = Vec::new();
    if count == 0 || at == ABSENT {
        return Ok(all);
    }
    let index = place(at, image, "fragments")?;
    for block in 0..count.div_ceil(512) {
        let at = le64(image, index + 8 * block).unwrap_or(ABSENT);
        let (raw, _) = table::unpack(image, codec, place(at, image, "fragments")?)?;
        let wanted = (count - all.len()).min(512);
        for entry in raw.chunks_exact(16).take(wanted) {
            let (start, size) = le64(entry, 0).zip(le32(entry, 8)).unwrap_or_default();
            all.push((start, size));
        }
        if all.len() != (512 * (block + 1)).min(count) {
            return Err(damage("its table of fragments is cut short"));
        }
    }
    Ok(all)
}

/// What is known while the tree is read.
struct Reader {
    block_size: usize,
    codec: Codec,
    fragments: Vec<(u64, u32)>,
    files: Collector,
}

impl Reader {
    /// The block at `start`, with the size as a list of blocks gives it: bit 24 says that it is
    /// stored as it is.
    fn block(&mut self, start: u64, entry: u32) -> Result<usize, Damage> {
        let size = (entry & 0x00ff_ffff) as usize;
        let start = usize::try_from(start).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(size)?));
        let range = range.ok_or_else(|| damage("a block of data lies outside the image"))?;
        let codec = (entry & 0x0100_0000 == 0).then_some(self.codec);
        self.files.block(range, codec, self.block_size)
    }
}
