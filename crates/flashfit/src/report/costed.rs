//! Bytes, and what each of them costs on the flash.

use std::ops::Range;
use std::sync::Arc;

use bitcost::Unpacked;

use super::Method;
use super::node::UNIT;

/// Bytes, each with its cost in 1/65536 byte on the flash.
#[derive(Debug, Clone)]
pub(super) struct Costed {
    bytes: Arc<[u8]>,
    costs: Costs,
    method: Method,
    /// Where they can be taken out, to see what the image shrinks by.
    places: Vec<Place>,
}

/// The costs of bytes.
#[derive(Debug, Clone)]
enum Costs {
    /// Each costs itself.
    Stored,
    /// What each costs, summed up from the first on; one more entry than bytes.
    Sums(Vec<u64>),
}

/// Consecutive bytes of a compressed stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The stream's index.
    pub(super) stream: usize,
    /// The offset in what it unpacks to.
    pub(super) offset: usize,
    /// The offset of the bytes in the [`Costed`] that has this place.
    pub(super) at: usize,
    /// Their number.
    pub(super) length: usize,
}

impl Costed {
    /// Bytes that the flash holds as they are.
    pub(super) fn stored(bytes: Arc<[u8]>) -> Costed {
        Costed {
            bytes,
            costs: Costs::Stored,
            method: Method::Stored,
            places: Vec::new(),
        }
    }

    /// What a stream unpacks to, where the stream itself costs `cost`.
    pub(super) fn unpacked(unpacked: Unpacked, cost: u64, stream: Option<usize>) -> Costed {
        let method = match unpacked.method {
            bitcost::Method::Proportional => Method::Proportional,
            _ => Method::Divided,
        };
        let length = unpacked.raw.len();
        let whole = u128::from(unpacked.cost(0..length));
        let scaled = |sum: u64| match whole {
            0 => 0,
            // At most `cost`, since a sum is at most the whole.
            whole => u64::try_from(u128::from(sum) * u128::from(cost) / whole).unwrap_or(cost),
        };
        let sums = (0..=length).map(|end| scaled(unpacked.cost(0..end)));
        Costed {
            costs: Costs::Sums(sums.collect()),
            method,
            places: stream
                .map(|stream| Place {
                    stream,
                    offset: 0,
                    at: 0,
                    length,
                })
                .into_iter()
                .collect(),
            bytes: unpacked.raw.into(),
        }
    }

    /// Bytes that are not known, `length` of them, which cost `cost` evenly.
    pub(super) fn unknown(length: usize, cost: u64) -> Costed {
        let upto = |end: usize| u128::from(cost) * end as u128 / length.max(1) as u128;
        // At most `cost`, since `end` is at most `length`.
        let sums = (0..=length).map(|end| u64::try_from(upto(end)).unwrap_or(cost));
        Costed {
            bytes: vec![0; length].into(),
            costs: Costs::Sums(sums.collect()),
            method: Method::Proportional,
            places: Vec::new(),
        }
    }

    /// The pieces one after the other, each with its offset; between them zeros that cost nothing.
    pub(super) fn joined(length: usize, pieces: &[(usize, Costed)]) -> Costed {
        let mut bytes = Vec::with_capacity(length);
        let mut sums = Vec::with_capacity(length + 1);
        let mut places = Vec::new();
        let (mut sum, mut method) = (0, Method::Stored);
        for (at, piece) in pieces {
            while bytes.len() < *at {
                bytes.push(0);
                sums.push(sum);
            }
            let length = piece.len();
            sums.extend((0..length).map(|end| sum + piece.cost(0..end)));
            sum += piece.cost(0..length);
            bytes.extend_from_slice(&piece.bytes);
            places.extend(piece.places.iter().map(|place| Place {
                at: at + place.at,
                ..*place
            }));
            if piece.method != Method::Stored && method != Method::Proportional {
                method = piece.method;
            }
        }
        bytes.resize(length.max(bytes.len()), 0);
        sums.resize(bytes.len() + 1, sum);
        Costed {
            bytes: bytes.into(),
            costs: Costs::Sums(sums),
            method,
            places,
        }
    }

    /// A part of them.
    pub(super) fn slice(&self, range: Range<usize>) -> Costed {
        Costed {
            places: self.places(range.clone()),
            bytes: self.bytes[range.clone()].into(),
            costs: match &self.costs {
                Costs::Stored => Costs::Stored,
                Costs::Sums(sums) => {
                    let first = sums[range.start];
                    let part = &sums[range.start..=range.end];
                    Costs::Sums(part.iter().map(|sum| sum - first).collect())
                }
            },
            method: self.method,
        }
    }

    /// The streams' bytes that a range is; `at` counts from its start.
    pub(super) fn places(&self, range: Range<usize>) -> Vec<Place> {
        let within = |place: &Place| {
            let start = place.at.max(range.start);
            let end = (place.at + place.length).min(range.end);
            (start < end).then(|| Place {
                stream: place.stream,
                offset: place.offset + (start - place.at),
                at: start - range.start,
                length: end - start,
            })
        };
        self.places.iter().filter_map(within).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn method(&self) -> Method {
        self.method
    }

    /// What a range costs, in 1/65536 byte.
    pub(super) fn cost(&self, range: Range<usize>) -> u64 {
        match &self.costs {
            Costs::Stored => range.len() as u64 * UNIT,
            Costs::Sums(sums) => sums[range.end] - sums[range.start],
        }
    }

    /// What all of them cost.
    pub(super) fn whole(&self) -> u64 {
        self.cost(0..self.len())
    }
}
