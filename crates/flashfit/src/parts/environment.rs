//! The environment of U-Boot: a CRC over `name=value` strings (env/common.c), with or without the
//! flag of a redundant copy. Its size is nowhere stated: the CRC is right at one size only.

use super::field::{be32, le32};
use super::{Finding, Found, Part, crc};
use crate::report::Kind;

/// Sizes are multiples of this.
const STEP: usize = 1 << 10;

/// The largest size that is tried.
const LARGEST: usize = 256 << 10;

/// An environment at the start of `bytes`.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let (length, redundant) = [(4, false), (5, true)]
        .into_iter()
        .find_map(|(header, redundant)| Some((length(bytes, header)?, redundant)))?;
    let mut part = Part::plain("U-Boot environment", Kind::Data, length);
    if redundant {
        part.note = Some("one of two copies".to_owned());
    }
    Some(Ok(Found::new(part, length)))
}

fn length(bytes: &[u8], header: usize) -> Option<usize> {
    let data = bytes.get(header..)?;
    let name = data.iter().take(256).position(|byte| *byte == b'=')?;
    let is_name = |byte: &u8| byte.is_ascii_graphic();
    if name == 0 || !data[..name].iter().all(is_name) {
        return None;
    }
    // Of the endianness of the processor.
    let sums = [le32(bytes, 0)?, be32(bytes, 0)?];
    let mut digest = crc::USUAL.digest();
    let mut from = header;
    for end in (STEP..=bytes.len().min(LARGEST)).step_by(STEP) {
        digest.update(&bytes[from..end]);
        from = end;
        if sums.contains(&digest.clone().finalize()) {
            return Some(end);
        }
    }
    None
}
