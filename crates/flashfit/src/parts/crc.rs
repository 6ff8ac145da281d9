//! CRC-32, of which formats differ in the first state and the final inversion.

use crc::{Algorithm, CRC_32_ISO_HDLC, CRC_32_JAMCRC, Crc};

/// JFFS2's: the first state is 0, and nothing is inverted.
const CRC_32_JFFS2: Algorithm<u32> = Algorithm {
    init: 0,
    ..CRC_32_JAMCRC
};

/// The usual sum, of Ethernet, gzip and U-Boot.
pub(super) static USUAL: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

static JFFS2: Crc<u32> = Crc::<u32>::new(&CRC_32_JFFS2);
static UBI: Crc<u32> = Crc::<u32>::new(&CRC_32_JAMCRC);

/// The usual sum.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    USUAL.checksum(bytes)
}

/// The sum of JFFS2.
pub(super) fn jffs2(bytes: &[u8]) -> u32 {
    JFFS2.checksum(bytes)
}

/// The sum of UBI and UBIFS, without the final inversion.
pub(super) fn ubi(bytes: &[u8]) -> u32 {
    UBI.checksum(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn check_value() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
