//! gzip, zlib and deflate as zlib and gzip write them.

mod common;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use bitcost::{Codec, Error, Method, Packer, unpack};
use common::{content, damage, round_trip, survives};
use flate2::Compression;
use flate2::bufread::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

const CODECS: [Codec; 3] = [Codec::Gzip, Codec::Zlib, Codec::Deflate];

fn packed(codec: Codec, content: &[u8], level: u32) -> Vec<u8> {
    let level = Compression::new(level);
    let mut packed = Vec::new();
    match codec {
        Codec::Gzip => GzEncoder::new(content, level).read_to_end(&mut packed),
        Codec::Zlib => ZlibEncoder::new(content, level).read_to_end(&mut packed),
        _ => DeflateEncoder::new(content, level).read_to_end(&mut packed),
    }
    .unwrap();
    packed
}

/// What the gzip tool makes of the content.
fn gzip(content: &[u8], options: &[&str]) -> Vec<u8> {
    let mut gzip = Command::new("gzip")
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip; install the Debian package gzip");
    let mut input = gzip.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(content).unwrap());
        gzip.wait_with_output().unwrap().stdout
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn comes_back(content in content(), level in 0u32..10) {
        for codec in CODECS {
            let unpacked = round_trip(codec, &packed(codec, &content, level), &content);
            prop_assert_eq!(unpacked.method, Method::Divided);
        }
    }

    #[test]
    fn damage_is_an_error_or_other_content(
        content in content(), level in 0u32..10, damage in damage(), cut in 0usize..9,
    ) {
        for codec in CODECS {
            survives(codec, &packed(codec, &content, level), &damage, cut);
        }
    }

    #[test]
    fn packs_as_the_stream_was_packed(content in content(), level in 1u32..10) {
        for codec in CODECS {
            let packed = packed(codec, &content, level);
            let packer = Packer::like(codec, &packed, &content).unwrap();
            prop_assert!(packer.is_exact());
            prop_assert_eq!(packer.size(&content).unwrap(), packed.len() as u64);
        }
    }
}

#[test]
fn reads_what_gzip_writes() {
    let content = b"a line of text, and another line of text\n".repeat(5000);
    let one = gzip(&content, &["-9"]);
    round_trip(Codec::Gzip, &one, &content);
    // Two members are one stream.
    let two = [&one[..], &gzip(b"more", &["-1", "--no-name"])].concat();
    round_trip(Codec::Gzip, &two, &[&content[..], b"more"].concat());
    // gzip's own compressor is not zlib: what the sizes differ by for this content is scaled.
    let packer = Packer::like(Codec::Gzip, &one, &content).unwrap();
    assert_eq!(packer.size(&content).unwrap(), one.len() as u64);
    let half = packer.size(&content[..content.len() / 2]).unwrap();
    assert!(half < one.len() as u64);
}

#[test]
fn symbols_cost_their_bits() {
    // The fixed codes have 8 bits for these letters, 7 and 5 for a match of 258 at distance 1.
    let content = [&b"abcdefgh"[..], &[b'h'; 258]].concat();
    let packed = packed(Codec::Deflate, &content, 9);
    let unpacked = round_trip(Codec::Deflate, &packed, &content);
    let letter = unpacked.cost(0..1);
    let run = unpacked.cost(8..266);
    let ratio = run as f64 / letter as f64;
    assert!((1.5..2.0).contains(&ratio), "{ratio}");
}

#[test]
fn errors_name_the_place() {
    let content = b"some content, some content, some content";
    let packed = packed(Codec::Gzip, content, 9);
    let error = unpack(Codec::Gzip, &packed[..20], 1000).unwrap_err();
    assert!(
        matches!(error, Error::Truncated { offset: 20, .. }),
        "{error}"
    );
    let error = unpack(Codec::Gzip, &packed, 20).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 20, .. }),
        "{error}"
    );
    let mut damaged = packed.clone();
    let crc = packed.len() - 8;
    damaged[crc] ^= 1;
    let error = unpack(Codec::Gzip, &damaged, 1000).unwrap_err();
    assert!(
        error.to_string().contains("the CRC-32 of the content"),
        "{error}"
    );
}
