//! Numbers in headers and tables.

/// The bytes at `at`, if there are so many.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Gives the functions that read one type of number.
macro_rules! numbers {
    ($($little:ident $big:ident $type:ty;)*) => {$(
        #[doc = concat!("A little-endian ", stringify!($type), ".")]
        pub(crate) fn $little(bytes: &[u8], at: usize) -> Option<$type> {
            array(bytes, at).map(<$type>::from_le_bytes)
        }

        #[doc = concat!("A big-endian ", stringify!($type), ".")]
        #[allow(dead_code, reason = "one of each")]
        pub(crate) fn $big(bytes: &[u8], at: usize) -> Option<$type> {
            array(bytes, at).map(<$type>::from_be_bytes)
        }
    )*};
}

numbers! {
    le16 be16 u16;
    le32 be32 u32;
    le64 be64 u64;
}
