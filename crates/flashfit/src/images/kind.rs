//! Kinds of images by their first bytes, and the length that their header gives.

/// How much of a file is looked at.
pub(super) const LOOKED_AT: u64 = 1 << 20;

/// What a file says it is.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Whether it has files.
    pub(super) filesystem: bool,
    /// Whether it is a flattened device tree, as a FIT image is.
    pub(super) device_tree: bool,
    /// The bytes that the header gives it.
    pub(super) length: Option<u64>,
}

/// A magic number and its place; the sources are the headers of Linux (`include/uapi/linux/magic.h`
/// and each file system's own) and U-Boot (`include/image.h`); of kernels
/// `arch/arm/boot/compressed/head.S` and Documentation/arch/x86/boot.rst.
const MAGIC: [(usize, &[u8], &str, bool); 17] = [
    (0, b"\xd0\x0d\xfe\xed", "FIT image or device tree", false),
    (0, b"\x27\x05\x19\x56", "uImage", false),
    (1024, b"\xe2\xe1\xf5\xe0", "erofs image", true),
    (0, b"UBI#", "UBI image", true),
    (0, b"\x31\x18\x10\x06", "UBIFS image", true),
    (0, b"\x85\x19", "little-endian JFFS2 image", true),
    (0, b"\x19\x85", "big-endian JFFS2 image", true),
    (0, b"070701", "cpio archive", true),
    (0, b"070702", "cpio archive", true),
    (0, b"\x45\x3d\xcd\x28", "cramfs image", true),
    (0, b"-rom1fs-", "romfs image", true),
    (1080, b"\x53\xef", "ext2, ext3 or ext4 image", true),
    (0x24, b"\x18\x28\x6f\x01", "zImage", false),
    (0x202, b"HdrS", "bzImage", false),
    (0, b"\x1f\x8b\x08", "file compressed with gzip", false),
    (0, b"\xfd7zXZ\0", "file compressed with xz", false),
    (0, b"\x28\xb5\x2f\xfd", "file compressed with zstd", false),
];

/// What a file is that starts with `head`.
pub(super) fn of(head: &[u8]) -> Option<Kind> {
    let has = |(at, magic, ..): &&(usize, &[u8], &str, bool)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(magic))
    };
    let (_, _, name, filesystem) = MAGIC.iter().find(has)?;
    let big = |at| Some(u64::from(u32::from_be_bytes(word(head, at)?)));
    let little = |at| Some(u64::from(u32::from_le_bytes(word(head, at)?)));
    let length = match *name {
        "FIT image or device tree" => big(4),
        // The header is in front of the data.
        "uImage" => big(12).map(|data| data + 64),
        // struct erofs_super_block: blocks, and the exponent of their size.
        "erofs image" => little(1024 + 36)
            .zip(head.get(1024 + 12))
            .and_then(|(blocks, bits)| blocks.checked_shl(u32::from(*bits))),
        // s_blocks_count and s_log_block_size, from 1 KiB on.
        "ext2, ext3 or ext4 image" => little(1024 + 4)
            .zip(little(1024 + 24))
            .and_then(|(blocks, log)| blocks.checked_mul(1024_u64.checked_shl(log as u32)?)),
        // Where it starts, and where it ends.
        "zImage" => little(0x28)
            .zip(little(0x2c))
            .and_then(|(start, end)| end.checked_sub(start)),
        // Sectors of the setup beside the first one, of which 0 means 4; then paragraphs.
        "bzImage" => head.get(0x1f1).zip(little(0x1f4)).map(|(sectors, size)| {
            (u64::from(if *sectors == 0 { 4 } else { *sectors }) + 1) * 512 + size * 16
        }),
        "cramfs image" => little(4),
        "romfs image" => big(8),
        _ => None,
    };
    Some(Kind {
        name,
        filesystem: *filesystem,
        device_tree: *name == "FIT image or device tree",
        length,
    })
}

fn word(head: &[u8], at: usize) -> Option<[u8; 4]> {
    head.get(at..)?.first_chunk().copied()
}

/// Where a squashfs of version 4.0 starts in a file that starts with something else, as
/// `mksquashfs -offset` makes one.
pub(super) fn squashfs_within(head: &[u8]) -> Option<u64> {
    let version = |rest: &[u8]| rest.get(28..32) == Some(&[4, 0, 0, 0]);
    let mut places = head
        .windows(4)
        .enumerate()
        .filter(|(_, four)| *four == b"hsqs");
    let (at, _) = places.find(|(at, _)| version(&head[*at..]))?;
    Some(at as u64)
}
