//! What can be wrong with a squashfs image.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};

use backhand::BackhandError;

use super::SUPERBLOCK;
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
    #[error("is a squashfs that is {0}: flashfit reads version 4.0 with gzip, xz, zstd or lz4")]
    Kind(String),
    /// Its tables contradict themselves.
    #[error("is a damaged squashfs ({0}): build it again")]
    Damaged(String),
}

impl Error {
    // BackhandError is taken by value, as map_err gives it.
    #[allow(clippy::needless_pass_by_value)]
    pub(super) fn damaged(error: BackhandError) -> Error {
        // Errors that would carry a text have none without the library's tracing.
        match error.to_string().trim() {
            "" => Error::Damaged("its tables cannot be read".to_owned()),
            text => Error::Damaged(text.to_owned()),
        }
    }

    pub(super) fn outside(path: &str) -> Error {
        Error::Damaged(format!("the data of {path} lies outside the image's data"))
    }
}

/// What the superblock says and the library that reads the rest does not tell plainly.
pub(super) struct Head {
    pub(super) compressor: &'static str,
}

/// Reads the superblock of a file of `size` bytes, and leaves the file at its start.
pub(super) fn check_head(file: &mut File, size: u64) -> Result<Head, Error> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(SUPERBLOCK).read_to_end(&mut head)?;
    file.rewind()?;
    if head.starts_with(b"sqsh") {
        return Err(Error::Kind(
            "big-endian, a format that ended with version 3".to_owned(),
        ));
    }
    if !head.starts_with(b"hsqs") {
        return Err(Error::None);
    }
    let Some(head) = head.first_chunk::<{ SUPERBLOCK as usize }>() else {
        return Err(Error::Short {
            has: Bytes(size),
            needs: Bytes(SUPERBLOCK),
        });
    };
    // struct squashfs_super_block in fs/squashfs/squashfs_fs.h.
    let half = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let (compressor, major, minor) = (half(20), half(28), half(30));
    let used = u64::from_le_bytes(std::array::from_fn(|at| head[40 + at]));
    if (major, minor) != (4, 0) {
        return Err(Error::Kind(format!("of version {major}.{minor}")));
    }
    if used > size {
        return Err(Error::Short {
            has: Bytes(size),
            needs: Bytes(used),
        });
    }
    let compressor = match compressor {
        1 => "gzip",
        4 => "xz",
        5 => "lz4",
        6 => "zstd",
        2 => return Err(unknown_compressor("lzma")),
        3 => return Err(unknown_compressor("lzo")),
        other => return Err(unknown_compressor(&format!("number {other}"))),
    };
    Ok(Head { compressor })
}

fn unknown_compressor(name: &str) -> Error {
    Error::Kind(format!("compressed with {name}"))
}
