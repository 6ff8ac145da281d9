//! Zstandard as its library writes it.

mod common;

use bitcost::{Codec, Error, Method, Packer, unpack};
use common::{content, damage, round_trip, survives};
use proptest::prelude::*;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

fn packed(content: &[u8], level: i32, has_checksum: bool, has_size: bool) -> Vec<u8> {
    let mut compressor = Compressor::new(level).unwrap();
    compressor
        .set_parameter(CParameter::ChecksumFlag(has_checksum))
        .unwrap();
    compressor
        .set_parameter(CParameter::ContentSizeFlag(has_size))
        .unwrap();
    compressor.compress(content).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn comes_back(
        content in content(), level in 1i32..20, has_checksum: bool, has_size: bool,
    ) {
        let packed = packed(&content, level, has_checksum, has_size);
        let unpacked = round_trip(Codec::Zstd, &packed, &content);
        prop_assert_eq!(unpacked.method, Method::Proportional);
        // Frames in a row are one stream.
        let twice = [&packed[..], &packed].concat();
        round_trip(Codec::Zstd, &twice, &content.repeat(2));
    }

    #[test]
    fn damage_is_an_error_or_other_content(
        content in content(), level in 1i32..20, has_checksum: bool, has_size: bool,
        damage in damage(), cut in 0usize..9,
    ) {
        survives(Codec::Zstd, &packed(&content, level, has_checksum, has_size), &damage, cut);
    }

    #[test]
    fn packs_as_the_stream_was_packed(
        content in content(), level in 1i32..20, has_checksum: bool,
    ) {
        let packed = packed(&content, level, has_checksum, true);
        let packer = Packer::like(Codec::Zstd, &packed, &content).unwrap();
        prop_assert!(packer.is_exact());
        prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
    }
}

#[test]
fn a_block_costs_what_it_takes() {
    // Blocks have 128 KiB: the first does not pack, the second is a run.
    let mut state = 1u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    });
    let content: Vec<u8> = noise
        .take(128 << 10)
        .chain(std::iter::repeat_n(0, 128 << 10))
        .collect();
    let unpacked = round_trip(Codec::Zstd, &packed(&content, 3, true, true), &content);
    let block = 128 << 10;
    assert!(unpacked.cost(0..block) >> 16 > 127 << 10);
    assert!(unpacked.cost(block..2 * block) >> 16 < 100);
    assert_eq!(unpacked.cost(0..block / 2), unpacked.cost(block / 2..block));
}

#[test]
fn errors_name_the_place() {
    let packed = packed(&[b'x'; 1000], 3, true, true);
    let error = unpack(Codec::Zstd, &packed, 999).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 999, .. }),
        "{error}"
    );
    let error = unpack(Codec::Zstd, &packed[..packed.len() - 3], 1000).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
}
