//! LZ4 as lz4's library and tool write it.

mod common;

use std::io::Write;

use bitcost::{Codec, Method, Packer, unpack};
use common::{LIMIT, content, damage, round_trip, survives};
use lz4::block::{CompressionMode, compress};
use lz4::liblz4::BlockChecksum;
use lz4::{BlockMode, BlockSize, ContentChecksum, EncoderBuilder};
use proptest::prelude::*;

const LEGACY_MAGIC: &[u8] = &0x184C_2102u32.to_le_bytes();

fn mode() -> impl Strategy<Value = CompressionMode> {
    prop_oneof![
        Just(CompressionMode::DEFAULT),
        (1i32..13).prop_map(CompressionMode::HIGHCOMPRESSION),
    ]
}

fn block(content: &[u8], mode: CompressionMode) -> Vec<u8> {
    if content.is_empty() {
        // lz4's high compressor does not survive the address of an empty slice.
        return vec![0];
    }
    compress(content, Some(mode), false).unwrap()
}

/// The older frame, of content of at most 8 MiB.
fn legacy(content: &[u8], mode: CompressionMode) -> Vec<u8> {
    if content.is_empty() {
        return LEGACY_MAGIC.to_vec();
    }
    let block = block(content, mode);
    let size = (block.len() as u32).to_le_bytes();
    [LEGACY_MAGIC, &size, &block].concat()
}

#[derive(Clone, Debug)]
struct Settings {
    level: u32,
    is_linked: bool,
    has_checksums: bool,
    has_size: bool,
}

fn settings() -> impl Strategy<Value = Settings> {
    (0u32..13, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(level, is_linked, has_checksums, has_size)| Settings {
            level,
            is_linked,
            has_checksums,
            has_size,
        },
    )
}

impl Settings {
    fn frame(&self, content: &[u8]) -> Vec<u8> {
        let mut builder = EncoderBuilder::new();
        builder.level(self.level).block_size(BlockSize::Max64KB);
        builder.block_mode(if self.is_linked {
            BlockMode::Linked
        } else {
            BlockMode::Independent
        });
        if self.has_checksums {
            builder
                .checksum(ContentChecksum::ChecksumEnabled)
                .block_checksum(BlockChecksum::BlockChecksumEnabled);
        } else {
            builder
                .checksum(ContentChecksum::NoChecksum)
                .block_checksum(BlockChecksum::NoBlockChecksum);
        }
        if self.has_size {
            builder.content_size(content.len() as u64);
        }
        let mut encoder = builder.build(Vec::new()).unwrap();
        encoder.write_all(content).unwrap();
        let (packed, result) = encoder.finish();
        result.unwrap();
        packed
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blocks_come_back(content in content(), mode in mode()) {
        let packed = block(&content, mode);
        let unpacked = unpack(Codec::Lz4Block, &packed, LIMIT).unwrap();
        prop_assert_eq!(unpacked.method, Method::Divided);
        prop_assert_eq!(unpacked.consumed, packed.len());
        prop_assert_eq!(unpacked.cost(0..content.len()), (packed.len() as u64) << 16);
        prop_assert!(unpacked.raw == content);
    }

    #[test]
    fn frames_come_back(content in content(), settings in settings(), mode in mode()) {
        round_trip(Codec::Lz4Frame, &settings.frame(&content), &content);
        round_trip(Codec::Lz4Legacy, &legacy(&content, mode), &content);
    }

    #[test]
    fn damage_is_an_error_or_other_content(
        content in content(), settings in settings(), mode in mode(),
        damage in damage(), cut in 0usize..9,
    ) {
        survives(Codec::Lz4Block, &block(&content, mode), &damage, cut);
        survives(Codec::Lz4Legacy, &legacy(&content, mode), &damage, cut);
        survives(Codec::Lz4Frame, &settings.frame(&content), &damage, cut);
    }

    #[test]
    fn packs_as_the_stream_was_packed(
        content in content(), settings in settings(), mode in mode(),
    ) {
        for (codec, packed) in [
            (Codec::Lz4Block, block(&content, mode)),
            (Codec::Lz4Legacy, legacy(&content, mode)),
        ] {
            let packer = Packer::like(codec, &packed, &content).unwrap();
            prop_assert!(packer.is_exact());
            prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
        }
        let packed = settings.frame(&content);
        let packer = Packer::like(Codec::Lz4Frame, &packed, &content).unwrap();
        prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
    }
}

#[test]
fn sequences_cost_their_bytes() {
    // A token, four literals, a distance: the match bears the distance and half the token.
    let content = [&b"abcd"[..], &b"abcd".repeat(4), b"uvwxyz"].concat();
    let packed = [&[4 << 4 | 12][..], b"abcd", &[4, 0], &[6 << 4], b"uvwxyz"].concat();
    let unpacked = unpack(Codec::Lz4Block, &packed, LIMIT).unwrap();
    assert_eq!(unpacked.raw, content);
    assert_eq!(unpacked.cost(0..4), 65536 * 9 / 2);
    assert_eq!(unpacked.cost(4..20), 65536 * 5 / 2);
    assert_eq!(unpacked.cost(20..26), 65536 * 7);
}

#[test]
fn the_older_frame_ends_with_a_block_that_is_not_full() {
    // The kernel's build appends the size of the content.
    let content = b"a kernel, a kernel, a kernel, a kernel".repeat(100);
    let packed = legacy(&content, CompressionMode::HIGHCOMPRESSION(9));
    let with_size = [
        &packed[..],
        &(content.len() as u32).to_le_bytes(),
        &[1; 5000],
    ]
    .concat();
    let unpacked = unpack(Codec::Lz4Legacy, &with_size, LIMIT).unwrap();
    assert_eq!(unpacked.consumed, packed.len());
    // Where the last block is full, what follows is no size of a block.
    let large = vec![7; 8 << 20];
    let packed = legacy(&large, CompressionMode::DEFAULT);
    let with_size = [&packed[..], &(large.len() as u32).to_le_bytes()].concat();
    let unpacked = unpack(Codec::Lz4Legacy, &with_size, 16 << 20).unwrap();
    assert_eq!(
        (unpacked.consumed, unpacked.raw.len()),
        (packed.len(), 8 << 20)
    );
}
