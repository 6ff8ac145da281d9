//! What can be wrong with an image.

use board::units::Bytes;

/// An image that contradicts its own headers. The text follows the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is shorter than it says.
    #[error(
        "is {} {what}{} cut short: {has} bytes, {needs} according to its header: build it again",
        article(what),
        place(*offset)
    )]
    Short {
        /// What it is.
        what: &'static str,
        /// Where it starts.
        offset: u64,
        /// The bytes that there are.
        has: Bytes,
        /// The bytes that there should be at the least.
        needs: Bytes,
    },
    /// Its tables cannot be read or contradict themselves.
    #[error("is a damaged {what}{} ({reason}): build it again", place(*offset))]
    Tables {
        /// What it is.
        what: &'static str,
        /// Where it starts.
        offset: u64,
        /// What was found.
        reason: String,
    },
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    }
}

fn place(offset: u64) -> String {
    match offset {
        0 => String::new(),
        other => format!(" at {other:#x}"),
    }
}

impl Damage {
    pub(super) fn tables(what: &'static str, reason: impl Into<String>) -> Damage {
        Damage::Tables {
            what,
            offset: 0,
            reason: reason.into(),
        }
    }

    pub(super) fn short(what: &'static str, has: usize, needs: u64) -> Damage {
        Damage::Short {
            what,
            offset: 0,
            has: Bytes(has as u64),
            needs: Bytes(needs),
        }
    }

    /// The same for an image that starts `by` bytes into another.
    pub(super) fn within(mut self, by: usize) -> Damage {
        let (Damage::Short { offset, .. } | Damage::Tables { offset, .. }) = &mut self;
        *offset += by as u64;
        self
    }
}
