//! The flash chip's partitions and how much of each is used.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::OnceLock;

use crate::root::Root;
use crate::units::Bytes;

/// NOR flash reads as ones where nothing was written since the last erase.
const ERASED: u8 = 0xff;

/// How much of a partition is looked at in one read.
const CHUNK: u64 = 16 * 1024;

/// The partition that holds a file system which the server's user may not read raw.
pub const DATA: &str = "data";

/// One line of `/proc/mtd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The name of its device: `mtd3`.
    pub device: String,
    /// The name of the partition.
    pub name: String,
    /// Its size.
    pub size: Bytes,
    /// The size of an erase block.
    pub erase_block: Bytes,
}

/// Reads `/proc/mtd`, whose lines the kernel writes as `mtd%d: %8.8llx %8.8x "%s"`
/// (`mtd_proc_show` in drivers/mtd/mtdchar.c). A line of another shape, such as the heading, is
/// passed over. A name may contain anything, quotation marks as well.
#[must_use]
pub fn parse(text: &str) -> Vec<Partition> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Partition> {
    let (device, rest) = line.split_once(": ")?;
    let number = device.strip_prefix("mtd")?;
    number.parse::<u16>().ok()?;
    let (size, rest) = rest.split_once(' ')?;
    let (erase_block, name) = rest.split_once(' ')?;
    Some(Partition {
        device: device.to_owned(),
        name: name.strip_prefix('"')?.strip_suffix('"')?.to_owned(),
        size: hexadecimal(size)?,
        erase_block: hexadecimal(erase_block)?,
    })
}

fn hexadecimal(text: &str) -> Option<Bytes> {
    u64::from_str_radix(text, 16).ok().map(Bytes)
}

/// A partition with the offset after its last byte that is not erased, empty where nobody has
/// looked yet or the device cannot be read.
pub type Scanned = (Partition, OnceLock<Bytes>);

/// The partition table, nothing looked into. `None` where there is no `/proc/mtd`.
#[must_use]
pub fn table(root: &Root) -> Option<Vec<Scanned>> {
    let partitions = parse(&root.read("proc/mtd")?);
    let unknown = |partition| (partition, OnceLock::new());
    Some(partitions.into_iter().map(unknown).collect())
}

/// Looks into every partition but the data partition. It reads the erased rest of each, which takes
/// seconds on a slow chip.
pub fn scan(root: &Root, partitions: &[Scanned]) {
    for (partition, known) in partitions {
        let device = root.path(&format!("dev/{}ro", partition.device));
        if partition.name != DATA
            && let Some(used) = used(&device, partition.size)
        {
            known.get_or_init(|| used);
        }
    }
}

/// The offset after the last byte that is not erased, looked for from the end.
fn used(device: &Path, size: Bytes) -> Option<Bytes> {
    let mut file = File::open(device).ok()?;
    let mut buffer = vec![0; CHUNK as usize];
    let mut end = size.0;
    while end > 0 {
        let length = end.min(CHUNK);
        let start = end - length;
        let chunk = buffer.get_mut(..length as usize)?;
        file.seek(SeekFrom::Start(start)).ok()?;
        file.read_exact(chunk).ok()?;
        if let Some(last) = chunk.iter().rposition(|&byte| byte != ERASED) {
            return Some(Bytes(start + last as u64 + 1));
        }
        end = start;
    }
    Some(Bytes(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MTD: &str = "dev:    size   erasesize  name\n\
        mtd0: 00070000 00010000 \"boot\"\n\
        mtd1: 00010000 00010000 \"env\"\n";

    #[test]
    fn the_kernels_table_is_read() {
        let partitions = parse(MTD);
        assert_eq!(partitions.len(), 2);
        assert_eq!(partitions[0].device, "mtd0");
        assert_eq!(partitions[0].name, "boot");
        assert_eq!(partitions[0].size, Bytes(448 * 1024));
        assert_eq!(partitions[1].erase_block, Bytes(64 * 1024));
    }

    #[test]
    fn a_device_name_cannot_lead_out_of_dev() {
        assert!(parse("mtd/../x: 00070000 00010000 \"boot\"").is_empty());
        assert!(parse("mtd: 00070000 00010000 \"boot\"").is_empty());
    }

    proptest! {
        #[test]
        fn any_name_and_size_come_back(
            number in 0..=u16::MAX,
            size in 0..=u64::MAX,
            block in 0..=u32::MAX,
            name in "[^\n\r]*",
        ) {
            let line = format!("mtd{number}: {size:08x} {block:08x} \"{name}\"");
            let partition = parse_line(&line).expect("a line in the kernel's format");
            prop_assert_eq!(partition.name, name);
            prop_assert_eq!(partition.size, Bytes(size));
            prop_assert_eq!(partition.erase_block, Bytes(u64::from(block)));
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn use_ends_after_the_last_byte_that_is_not_erased(
            size in 1..40_000_usize,
            written in proptest::option::of((0..40_000_usize, 0..0xff_u8)),
        ) {
            let mut content = vec![ERASED; size];
            let mut expected = 0;
            if let Some((at, byte)) = written.filter(|(at, _)| *at < size) {
                content[at] = byte;
                expected = at as u64 + 1;
            }
            let file = tempfile::NamedTempFile::new().expect("temporary file");
            std::fs::write(file.path(), &content).expect("written");
            prop_assert_eq!(used(file.path(), Bytes(size as u64)), Some(Bytes(expected)));
        }
    }

    #[test]
    fn a_device_shorter_than_its_table_says_is_unknown() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), [0; 10]).expect("written");
        assert_eq!(used(file.path(), Bytes(u64::MAX)), None);
        assert_eq!(used(Path::new("/nonexistent"), Bytes(1)), None);
    }
}
