//! The nodes of a JFFS2.

use std::fmt;
use std::ops::Range;

use crate::parts::crc;
use crate::parts::field::{be16, be32, le16, le32};

/// The order of the bytes of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl fmt::Display for Endian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Endian::Little => "little",
            Endian::Big => "big",
        })
    }
}

impl Endian {
    fn half(self, bytes: &[u8], at: usize) -> Option<u16> {
        match self {
            Endian::Little => le16(bytes, at),
            Endian::Big => be16(bytes, at),
        }
    }

    fn word(self, bytes: &[u8], at: usize) -> Option<u32> {
        match self {
            Endian::Little => le32(bytes, at),
            Endian::Big => be32(bytes, at),
        }
    }
}

/// A node, or a header of one that does not count.
pub(super) struct Node {
    pub(super) length: usize,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// A piece of a file.
    Data(Data),
    /// A name in a folder.
    Name(Name),
    /// Whatever else.
    Other,
}

/// struct jffs2_raw_inode
pub(super) struct Data {
    pub(super) inode: u32,
    pub(super) version: u32,
    /// The size of the file.
    pub(super) size: u32,
    /// Where in the file its data are.
    pub(super) at: u32,
    /// Its data in the image.
    pub(super) packed: Range<usize>,
    /// The size of its data.
    pub(super) unpacked: u32,
    pub(super) compressor: u8,
}

/// struct jffs2_raw_dirent
pub(super) struct Name {
    pub(super) folder: u32,
    pub(super) version: u32,
    /// 0 if the name was removed.
    pub(super) inode: u32,
    /// As in a struct dirent.
    pub(super) kind: u8,
    pub(super) name: Range<usize>,
}

/// Set as long as a node was not made obsolete.
const ACCURATE: u16 = 0x2000;

/// The node at `at`, by the sum of its header.
pub(super) fn node(bytes: &[u8], at: usize, endian: Endian) -> Option<Node> {
    let node = bytes.get(at..)?;
    if endian.half(node, 0)? != 0x1985 {
        return None;
    }
    let kind = endian.half(node, 2)?;
    let mut header: [u8; 8] = *node.first_chunk()?;
    // The sum is of the header as it was written.
    let written = kind | ACCURATE;
    header[2..4].copy_from_slice(&match endian {
        Endian::Little => written.to_le_bytes(),
        Endian::Big => written.to_be_bytes(),
    });
    let length = endian.word(node, 4)? as usize;
    if endian.word(node, 8)? != crc::jffs2(&header) || length < 12 {
        return None;
    }
    let counts = node.get(..length);
    let kind = match (kind, counts) {
        (0xe001, Some(node)) => name(node, at, endian).map(Kind::Name),
        (0xe002, Some(node)) => data(node, at, endian).map(Kind::Data),
        _ => None,
    };
    Some(Node {
        length,
        kind: kind.unwrap_or(Kind::Other),
    })
}

/// A name whose sums are right.
fn name(node: &[u8], at: usize, endian: Endian) -> Option<Name> {
    let word = |at| endian.word(node, at);
    let length = usize::from(*node.get(28)?);
    let name = node.get(40..40 + length)?;
    let sums = word(32)? == crc::jffs2(&node[..32]) && word(36)? == crc::jffs2(name);
    sums.then_some(Name {
        folder: word(12)?,
        version: word(16)?,
        inode: word(20)?,
        kind: node[29],
        name: at + 40..at + 40 + length,
    })
}

/// A piece of data whose sums are right.
fn data(node: &[u8], at: usize, endian: Endian) -> Option<Data> {
    let word = |at| endian.word(node, at);
    let length = word(48)? as usize;
    let packed = node.get(68..)?.get(..length)?;
    let sums = word(64)? == crc::jffs2(&node[..60]) && word(60)? == crc::jffs2(packed);
    sums.then_some(Data {
        inode: word(12)?,
        version: word(16)?,
        size: word(28)?,
        at: word(44)?,
        packed: at + 68..at + 68 + length,
        unpacked: word(52)?,
        compressor: node[56],
    })
}
