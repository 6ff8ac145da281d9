//! What can be wrong with a squashfs image.

use std::io;

use crate::parts::Damage;
use crate::parts::squashfs::{Head, SUPERBLOCK};
use board::units::Bytes;

/// An image that cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not start as one.
    #[error(
        "is not a squashfs: it does not start with `hsqs`; a component's `path` needs a squashfs"
    )]
    None,
    /// It is shorter than it says.
    #[error(
        "is a squashfs cut short: {has} bytes, {needs} according to its superblock: build it again"
    )]
    Short {
        /// The file's size.
        has: Bytes,
        /// What it should at least be.
        needs: Bytes,
    },
    /// It is of a kind that is not read.
    #[error(
        "is a squashfs that is {0}: flashfit reads version 4.0 with gzip, lzma, lzo, xz, lz4 or zstd"
    )]
    Kind(String),
    /// Its tables contradict themselves.
    #[error("is a damaged squashfs ({0}): build it again")]
    Damaged(String),
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Error {
        match damage {
            Damage::Short { has, needs, .. } => Error::Short { has, needs },
            Damage::Tables { reason, .. } => Error::Damaged(reason),
        }
    }
}

/// Reads the superblock of an image that is complete and of a kind that is read.
pub(super) fn check_head(image: &[u8]) -> Result<Head, Error> {
    if image.starts_with(b"sqsh") {
        return Err(Error::Kind(
            "big-endian, a format that ended with version 3".to_owned(),
        ));
    }
    if !image.starts_with(b"hsqs") {
        return Err(Error::None);
    }
    let size = Bytes(image.len() as u64);
    let Some(head) = Head::read(image) else {
        return Err(Error::Short {
            has: size,
            needs: Bytes(SUPERBLOCK as u64),
        });
    };
    if head.version != (4, 0) {
        let (major, minor) = head.version;
        return Err(Error::Kind(format!("of version {major}.{minor}")));
    }
    if head.used > size.get() {
        return Err(Error::Short {
            has: size,
            needs: Bytes(head.used),
        });
    }
    if head.compressor().is_none() {
        let number = head.number;
        return Err(Error::Kind(format!("compressed with number {number}")));
    }
    Ok(head)
}
