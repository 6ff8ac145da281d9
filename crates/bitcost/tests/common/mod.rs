//! Content to pack, and what holds for every unpacked stream.

use bitcost::{Codec, Unpacked, unpack};
use proptest::prelude::*;

/// More than any test's content.
pub const LIMIT: usize = 1 << 20;

/// Content with literals, near and far matches, overlapping matches and runs.
pub fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..200).prop_map(Piece::Fresh),
        prop::collection::vec(b'a'..=b'f', 1..400).prop_map(Piece::Fresh),
        (1usize..5000, 1usize..2000).prop_map(|(back, length)| Piece::Again(back, length)),
        (any::<u8>(), 1usize..3000).prop_map(|(byte, length)| Piece::Run(byte, length)),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| {
        let mut content = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Fresh(bytes) => content.extend(bytes),
                Piece::Again(back, length) if back <= content.len() => {
                    for _ in 0..length {
                        content.push(content[content.len() - back]);
                    }
                }
                Piece::Again(..) => {}
                Piece::Run(byte, length) => content.extend(vec![byte; length]),
            }
        }
        content
    })
}

#[derive(Clone, Debug)]
enum Piece {
    Fresh(Vec<u8>),
    Again(usize, usize),
    Run(u8, usize),
}

/// Unpacks what a real compressor made of `content`: the same content comes back, and the costs
/// sum exactly, in whatever pieces.
#[track_caller]
pub fn round_trip(codec: Codec, packed: &[u8], content: &[u8]) -> Unpacked {
    // What follows a stream is not part of it.
    let mut longer = packed.to_vec();
    longer.extend(b"\x07 and more");
    let unpacked = unpack(codec, &longer, LIMIT).unwrap();
    assert!(unpacked.raw == content, "{codec}: other content");
    assert_eq!(unpacked.consumed, packed.len(), "{codec}: length");
    let whole = (packed.len() as u64) << 16;
    assert_eq!(unpacked.cost(0..content.len()), whole);
    let steps: u64 = (0..content.len())
        .step_by(7)
        .map(|at| unpacked.cost(at..(at + 7).min(content.len())))
        .sum();
    assert_eq!(steps, if content.is_empty() { 0 } else { whole });
    unpacked
}

/// Damages a stream in every way that `damage` says: an error or other content, no panic, and
/// sums that are exact all the same.
pub fn survives(codec: Codec, packed: &[u8], damage: &[(usize, u8)], cut: usize) {
    let mut broken = packed.to_vec();
    for &(place, bits) in damage {
        if !broken.is_empty() {
            let place = place % broken.len();
            broken[place] ^= bits;
        }
    }
    broken.truncate(broken.len().saturating_sub(cut));
    if let Ok(unpacked) = unpack(codec, &broken, LIMIT) {
        assert!(unpacked.consumed <= broken.len());
        assert_eq!(
            unpacked.cost(0..unpacked.raw.len()),
            (unpacked.consumed as u64) << 16
        );
    }
}

/// Flips of bits, most of them near the start, where the headers are.
pub fn damage() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((prop_oneof![0usize..40, any::<usize>()], any::<u8>()), 0..4)
}
