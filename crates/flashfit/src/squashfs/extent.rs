//! Pieces of the image's data, each known by its place, so that none counts twice.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Error, File};
use board::units::Bytes;

/// A place in the image: where its block starts and, for a piece of a fragment, where
/// and how long it is in the uncompressed fragment.
pub(super) type Place = (u64, u64, u64);

/// A piece of a file's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) place: Place,
    /// The bytes that it takes in the image; of a tail, once all are known.
    pub(super) bytes: u64,
    /// The fragment that it is a tail in.
    pub(super) fragment: Option<usize>,
}

/// All pieces of an image.
pub(super) struct Extents {
    /// Where data may lie.
    data: Range<u64>,
    block_size: u64,
    /// Start and stored size.
    fragments: Vec<(u64, u64)>,
    /// The tails in each fragment: offset and length, and their share of its bytes.
    tails: Vec<BTreeMap<(u64, u64), u64>>,
}

impl Extents {
    pub(super) fn new(data: Range<u64>, block_size: u64, fragments: Vec<(u64, u64)>) -> Self {
        let tails = vec![BTreeMap::new(); fragments.len()];
        Extents {
            data,
            block_size,
            fragments,
            tails,
        }
    }

    /// Whether `size` bytes from `at` on are data of the image.
    fn holds(&self, at: u64, size: u64) -> bool {
        let end = at.checked_add(size);
        size <= self.block_size
            && at >= self.data.start
            && end.is_some_and(|end| end <= self.data.end)
    }

    /// A block of a file.
    pub(super) fn block(&self, at: u64, size: u64) -> Option<Extent> {
        self.holds(at, size).then_some(Extent {
            place: (at, 0, 0),
            bytes: size,
            fragment: None,
        })
    }

    /// A file's end in a fragment: its index, the offset in it and the length.
    pub(super) fn tail(&mut self, (index, offset, length): (usize, u64, u64)) -> Option<Extent> {
        let (at, stored) = *self.fragments.get(index)?;
        if !self.holds(at, stored) || offset + length > self.block_size {
            return None;
        }
        self.tails[index].insert((offset, length), 0);
        Some(Extent {
            place: (at, offset, length),
            bytes: 0,
            fragment: Some(index),
        })
    }

    /// Divides the fragments and gives each file its bytes; `files` are in the order in
    /// which the first has what others share. Gives the bytes of all data, and the number
    /// of tails in each fragment.
    pub(super) fn finish(mut self, files: &mut [File]) -> Result<(u64, Vec<usize>), Error> {
        for (index, tails) in self.tails.iter_mut().enumerate() {
            divide(self.fragments[index].1, tails);
        }
        let mut owners: BTreeMap<Place, usize> = BTreeMap::new();
        let mut stored = 0;
        for at in 0..files.len() {
            let (mut bytes, mut shared, mut with) = (0, 0, None);
            let mut extents = std::mem::take(&mut files[at].extents);
            for extent in &mut extents {
                if let Some(index) = extent.fragment {
                    let (_, offset, length) = extent.place;
                    extent.bytes = self.tails[index][&(offset, length)];
                    files[at].exact &= self.tails[index].len() == 1;
                }
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
        if stored > self.data.end - self.data.start {
            return Err(Error::Damaged(
                "its files have more data than the image holds".to_owned(),
            ));
        }
        Ok((stored, self.tails.iter().map(BTreeMap::len).collect()))
    }
}

/// Gives each tail its part of `stored` bytes in proportion to its length; the parts
/// are whole bytes and together exactly `stored`.
fn divide(stored: u64, tails: &mut BTreeMap<(u64, u64), u64>) {
    let whole: u128 = tails.keys().map(|(_, length)| u128::from(*length)).sum();
    let (mut reached, mut given) = (0, 0);
    for ((_, length), part) in tails.iter_mut() {
        reached += u128::from(*length);
        // At most `stored`, since `reached` is at most `whole`; a tail has a length.
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
    fn one_tail_has_the_whole_fragment() {
        let mut tails = BTreeMap::from([((0, 100), 0)]);
        divide(60, &mut tails);
        assert_eq!(tails[&(0, 100)], 60);
    }

    proptest! {
        #[test]
        fn parts_are_in_proportion_and_together_the_fragment(
            stored in 0..1_048_576_u64,
            lengths in proptest::collection::vec(1..1_048_576_u64, 1..50),
        ) {
            let mut offset = 0;
            let mut tails = BTreeMap::new();
            for length in &lengths {
                tails.insert((offset, *length), 0);
                offset += length;
            }
            divide(stored, &mut tails);
            prop_assert_eq!(tails.values().sum::<u64>(), stored);
            for ((_, length), part) in &tails {
                let fair = stored as f64 * *length as f64 / offset as f64;
                prop_assert!((*part as f64 - fair).abs() < 1.01, "{} for {}", part, fair);
            }
        }
    }
}
