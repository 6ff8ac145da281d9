//! What can be wrong with a compressed stream.

use crate::Codec;

/// Why a stream cannot be unpacked or packed. Offsets are bytes from the start of the packed data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data is not such a stream, or it was changed.
    #[error("{codec}, byte {offset}: {what}")]
    Damaged {
        /// The format.
        codec: Codec,
        /// Where reading stopped.
        offset: usize,
        /// What was found.
        what: String,
    },
    /// The data ends too early.
    #[error("{codec}: the data ends at byte {offset}, in the middle of {what}")]
    Truncated {
        /// The format.
        codec: Codec,
        /// The length of the data.
        offset: usize,
        /// What was being read.
        what: &'static str,
    },
    /// The content is larger than the caller allows.
    #[error("{codec}, byte {offset}: the content is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The format.
        codec: Codec,
        /// Where the content passed the limit.
        offset: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The stream uses a feature of its format that this crate does not read.
    #[error("{codec}, byte {offset}: cannot read {what}")]
    Unsupported {
        /// The format.
        codec: Codec,
        /// Where the feature is asked for.
        offset: usize,
        /// The feature.
        what: String,
    },
    /// The compressor refused the settings or the data.
    #[error("{codec}: the compressor failed: {what}")]
    Packer {
        /// The format.
        codec: Codec,
        /// Its message.
        what: String,
    },
}
