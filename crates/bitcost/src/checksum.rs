//! Checksums that several formats have.

use crc::{CRC_32_ISO_HDLC, CRC_64_XZ, Crc, Table};

static CRC_32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC_64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// The CRC-32 of .xz, gzip and lzop.
pub(crate) fn crc32(data: &[u8]) -> u32 {
    CRC_32.checksum(data)
}

/// The CRC-64 of .xz.
pub(crate) fn crc64(data: &[u8]) -> u64 {
    CRC_64.checksum(data)
}

/// The Adler-32 of zlib and lzop.
pub(crate) fn adler32(data: &[u8]) -> u32 {
    adler2::adler32_slice(data)
}
