//! LZO1X as lzokay and, in a squashfs, lzo itself write it.

mod common;

use std::fs;
use std::process::Command;

use bitcost::{Codec, Packer, unpack};
use common::{LIMIT, content, damage, round_trip, survives};
use lzokay::compress::compress;
use proptest::prelude::*;

/// lzop's framing, with each block's Adler-32 and CRC-32.
fn lzop(content: &[u8]) -> Vec<u8> {
    const FLAGS: u32 = 0x303;
    let crc = |data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        crc.sum().to_be_bytes()
    };
    let adler = |data: &[u8]| adler2::adler32_slice(data).to_be_bytes();
    let mut fields = vec![0x10, 0x40, 0x20, 0xA0, 0x09, 0x40, 1, 5];
    fields.extend(FLAGS.to_be_bytes());
    fields.extend([0; 12]);
    fields.extend(b"\x05piggy");
    let mut stream = b"\x89LZO\0\r\n\x1A\n".to_vec();
    stream.extend(&fields);
    stream.extend(adler(&fields));
    for block in content.chunks(4096) {
        let packed = compress(block).unwrap();
        let is_stored = packed.len() >= block.len();
        let data = if is_stored { block } else { &packed };
        stream.extend((block.len() as u32).to_be_bytes());
        stream.extend((data.len() as u32).to_be_bytes());
        stream.extend([adler(block), crc(block)].concat());
        if !is_stored {
            stream.extend([adler(data), crc(data)].concat());
        }
        stream.extend(data);
    }
    stream.extend([0; 4]);
    stream
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn comes_back(content in content()) {
        // lzokay's stream of no content cannot be read, by lzokay either.
        prop_assume!(!content.is_empty());
        round_trip(Codec::Lzo1xBlock, &compress(&content).unwrap(), &content);
        round_trip(Codec::Lzop, &lzop(&content), &content);
    }

    #[test]
    fn damage_is_an_error_or_other_content(
        content in content(), damage in damage(), cut in 0usize..9,
    ) {
        survives(Codec::Lzo1xBlock, &compress(&content).unwrap(), &damage, cut);
        survives(Codec::Lzop, &lzop(&content), &damage, cut);
    }

    #[test]
    fn packs_as_the_stream_was_packed(content in content()) {
        prop_assume!(!content.is_empty());
        for (codec, packed) in [
            (Codec::Lzo1xBlock, compress(&content).unwrap()),
            (Codec::Lzop, lzop(&content)),
        ] {
            let packer = Packer::like(codec, &packed, &content).unwrap();
            prop_assert!(packer.is_exact());
            prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
        }
    }
}

#[test]
fn reads_what_lzo_itself_writes() {
    // The first block of the first file lies behind the superblock, which has 96 bytes.
    let folder = tempfile::tempdir().unwrap();
    let mut state = 1u32;
    let content: Vec<u8> = (0..100_000)
        .map(|place| {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            // Words of a small alphabet, some of which return from far away.
            if place % 50 < 20 {
                (place % 50) as u8
            } else {
                (state >> 29) as u8
            }
        })
        .collect();
    fs::create_dir(folder.path().join("tree")).unwrap();
    fs::write(folder.path().join("tree/file"), &content).unwrap();
    let run = Command::new("mksquashfs")
        .current_dir(folder.path())
        .args([
            "tree",
            "image",
            "-comp",
            "lzo",
            "-b",
            "128k",
            "-no-fragments",
            "-quiet",
        ])
        .output()
        .expect("mksquashfs; install the Debian package squashfs-tools");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let image = fs::read(folder.path().join("image")).unwrap();
    let unpacked = unpack(Codec::Lzo1xBlock, &image[96..], LIMIT).unwrap();
    assert!(unpacked.raw == content);
    let packed = &image[96..96 + unpacked.consumed];
    round_trip(Codec::Lzo1xBlock, packed, &content);
    // lzokay is another compressor: its sizes are scaled.
    let packer = Packer::like(Codec::Lzo1xBlock, packed, &content).unwrap();
    assert!(!packer.is_exact());
    assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
}
