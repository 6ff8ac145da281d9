//! Pieces of the image's data, each known by its place, so that none counts twice.

use std::collections::BTreeMap;

use super::File;
use crate::parts::{Block, Span};
use board::units::Bytes;

/// A place in the image: a block, and where in it uncompressed and how long.
pub(super) type Place = (usize, usize, usize);

/// The pieces of a block, by offset and length, and the part of its bytes that each has.
type Pieces = BTreeMap<(usize, usize), u64>;

/// A piece of a file's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) place: Place,
    /// The bytes that it takes in the image, once all are known.
    pub(super) bytes: u64,
}

/// All pieces of an image.
pub(super) struct Extents<'a> {
    blocks: &'a [Block],
    pieces: Vec<Pieces>,
}

impl<'a> Extents<'a> {
    pub(super) fn new(blocks: &'a [Block]) -> Self {
        Extents {
            blocks,
            pieces: vec![Pieces::new(); blocks.len()],
        }
    }

    /// A piece of a file.
    pub(super) fn piece(&mut self, span: Span) -> Extent {
        let Span {
            block,
            offset,
            length,
            ..
        } = span;
        self.pieces[block].insert((offset, length), 0);
        Extent {
            place: (block, offset, length),
            bytes: 0,
        }
    }

    /// Divides the blocks and gives each file its bytes; `files` are in the order in which the
    /// first has what others share. Gives the bytes of all data, and the number of pieces in each
    /// block.
    pub(super) fn finish(mut self, files: &mut [File]) -> (u64, Vec<usize>) {
        for (block, pieces) in self.blocks.iter().zip(&mut self.pieces) {
            divide(block.range.len() as u64, pieces);
        }
        let mut owners: BTreeMap<Place, usize> = BTreeMap::new();
        let mut stored = 0;
        for at in 0..files.len() {
            let (mut bytes, mut shared, mut with) = (0, 0, None);
            let mut extents = std::mem::take(&mut files[at].extents);
            for extent in &mut extents {
                let (block, offset, length) = extent.place;
                extent.bytes = self.pieces[block][&(offset, length)];
                files[at].exact &= self.pieces[block].len() == 1;
                bytes += extent.bytes;
                match *owners.entry(extent.place).or_insert(at) {
                    owner if owner == at => stored += extent.bytes,
                    owner => {
                        shared += extent.bytes;
                        with.get_or_insert(owner);
                    }
                }
            }
            let with = with.map(|owner| files[owner].path.clone());
            let file = &mut files[at];
            (file.on_flash, file.shared) = (Bytes(bytes), Bytes(shared));
            (file.shared_with, file.extents) = (with, extents);
        }
        (stored, self.pieces.iter().map(BTreeMap::len).collect())
    }
}

/// Gives each piece its part of `stored` bytes in proportion to its length; the parts
/// are whole bytes and together exactly `stored`.
fn divide(stored: u64, pieces: &mut Pieces) {
    let whole: u128 = pieces.keys().map(|(_, length)| *length as u128).sum();
    let (mut reached, mut given) = (0, 0);
    for ((_, length), part) in pieces.iter_mut() {
        reached += *length as u128;
        // At most `stored`, since `reached` is at most `whole`; a piece has a length.
        let upto = u64::try_from(u128::from(stored) * reached / whole.max(1)).unwrap_or(stored);
        *part = upto - given;
        given = upto;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_piece_has_the_whole_block() {
        let mut pieces = BTreeMap::from([((0, 100), 0)]);
        divide(60, &mut pieces);
        assert_eq!(pieces[&(0, 100)], 60);
    }

    proptest! {
        #[test]
        fn parts_are_in_proportion_and_together_the_block(
            stored in 0..1_048_576_u64,
            lengths in proptest::collection::vec(1..1_048_576_usize, 1..50),
        ) {
            let mut offset = 0;
            let mut pieces = BTreeMap::new();
            for length in &lengths {
                pieces.insert((offset, *length), 0);
                offset += length;
            }
            divide(stored, &mut pieces);
            prop_assert_eq!(pieces.values().sum::<u64>(), stored);
            for ((_, length), part) in &pieces {
                let fair = stored as f64 * *length as f64 / offset as f64;
                prop_assert!((*part as f64 - fair).abs() < 1.01, "{} for {}", part, fair);
            }
        }
    }
}
