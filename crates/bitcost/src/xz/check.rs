//! Integrity checks of a block's content.

use sha2::{Digest, Sha256};

use crate::Error;
use crate::checksum::{crc32, crc64};
use crate::reader::Reader;

/// The check that a stream's blocks have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    None,
    Crc32,
    Crc64,
    Sha256,
    /// An id that is reserved: the size is known, the method is not.
    Reserved(u8),
}

impl Check {
    /// From the low four bits of a stream's flags.
    pub fn from_id(id: u8) -> Self {
        match id {
            0 => Check::None,
            1 => Check::Crc32,
            4 => Check::Crc64,
            10 => Check::Sha256,
            other => Check::Reserved(other),
        }
    }

    pub fn id(self) -> u8 {
        match self {
            Check::None => 0,
            Check::Crc32 => 1,
            Check::Crc64 => 4,
            Check::Sha256 => 10,
            Check::Reserved(id) => id,
        }
    }

    /// In bytes.
    pub fn size(self) -> usize {
        match self.id() {
            0 => 0,
            1..=3 => 4,
            4..=6 => 8,
            7..=9 => 16,
            10..=12 => 32,
            _ => 64,
        }
    }

    pub fn verify(self, reader: &Reader<'_>, stated: &[u8], content: &[u8]) -> Result<(), Error> {
        let (name, equal) = match self {
            Check::None | Check::Reserved(_) => return Ok(()),
            Check::Crc32 => ("CRC-32", crc32(content).to_le_bytes() == stated),
            Check::Crc64 => ("CRC-64", crc64(content).to_le_bytes() == stated),
            Check::Sha256 => ("SHA-256", Sha256::digest(content)[..] == *stated),
        };
        if equal {
            return Ok(());
        }
        Err(reader.damaged(format!("the {name} of a block's content is wrong")))
    }
}
