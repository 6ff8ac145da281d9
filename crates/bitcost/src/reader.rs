//! Reading the fields of a format, with errors that name the place.

use crate::{Codec, Error};

/// The packed data, and how far it was read.
pub(crate) struct Reader<'a> {
    pub codec: Codec,
    pub data: &'a [u8],
    pub at: usize,
    /// How large the content may become.
    pub limit: usize,
}

impl<'a> Reader<'a> {
    pub fn new(codec: Codec, data: &'a [u8], limit: usize) -> Self {
        Reader {
            codec,
            data,
            at: 0,
            limit,
        }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.at..]
    }

    pub fn bytes(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Error> {
        match self.rest().get(..count) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(self.truncated(what)),
        }
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N, what)?);
        Ok(array)
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        Ok(self.array::<1>(what)?[0])
    }

    pub fn u16_le(&mut self, what: &'static str) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    pub fn u16_be(&mut self, what: &'static str) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    pub fn u32_le(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub fn u32_be(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub fn u64_le(&mut self, what: &'static str) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    pub fn truncated(&self, what: &'static str) -> Error {
        Error::Truncated {
            codec: self.codec,
            offset: self.data.len(),
            what,
        }
    }

    /// The error of damage at the present place.
    pub fn damaged(&self, what: impl Into<String>) -> Error {
        Error::Damaged {
            codec: self.codec,
            offset: self.at,
            what: what.into(),
        }
    }

    pub fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported {
            codec: self.codec,
            offset: self.at,
            what: what.into(),
        }
    }

    /// Refuses content of `size` bytes where it passes the limit.
    pub fn check_limit(&self, size: u64) -> Result<(), Error> {
        if size > self.limit as u64 {
            return Err(Error::TooLarge {
                codec: self.codec,
                offset: self.at,
                limit: self.limit,
            });
        }
        Ok(())
    }

    /// Refuses a value that differs from the one the stream states.
    pub fn check_equal<T: PartialEq + std::fmt::LowerHex>(
        &self,
        what: &str,
        stated: T,
        found: T,
    ) -> Result<(), Error> {
        if stated == found {
            return Ok(());
        }
        Err(self.damaged(format!("{what} is {found:x}, the stream states {stated:x}")))
    }
}
