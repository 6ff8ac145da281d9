//! Copying what a match refers to.

/// Appends `length` bytes from `from` on, which may reach into what is being appended.
///
/// # Panics
/// `from` has to lie within the content.
pub(crate) fn repeat_bytes(raw: &mut Vec<u8>, from: usize, length: usize) {
    let mut left = length;
    while left > 0 {
        let now = left.min(raw.len() - from);
        raw.extend_from_within(from..from + now);
        left -= now;
    }
}

/// Where a match `distance` bytes back begins, in a content whose dictionary starts at `start`.
pub(crate) fn source(raw: &[u8], start: usize, distance: usize) -> Result<usize, &'static str> {
    if distance == 0 {
        return Err("a match refers to itself");
    }
    if distance > raw.len() - start {
        return Err("a match refers to before the start of the content");
    }
    Ok(raw.len() - distance)
}
