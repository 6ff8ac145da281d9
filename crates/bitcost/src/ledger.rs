//! Who pays: the price of each symbol, charged to the bytes that it produces.

use std::ops::Range;

/// Fraction bits of a price in bits: one bit is `1 << FRACTION`.
pub(crate) const FRACTION: u32 = 16;

/// A place where the price per byte changes: everything before byte `raw` of the content costs
/// `price` together. Between two points each byte costs the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    raw: u64,
    price: u64,
}

/// Prices in the order of the content. Sixteen bytes per symbol.
pub(crate) struct Ledger {
    points: Vec<Point>,
    raw: u64,
    price: u64,
}

/// Where a group of symbols begins whose packed size is known.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    point: usize,
}

impl Ledger {
    pub fn new() -> Self {
        Ledger {
            points: vec![Point { raw: 0, price: 0 }],
            raw: 0,
            price: 0,
        }
    }

    /// The next `bytes` of the content cost `price`, in bits with [`FRACTION`] fraction bits.
    /// A price for no bytes is borne by all: see [`Ledger::close`] and [`Ledger::settle`].
    pub fn charge(&mut self, bytes: usize, price: u64) {
        if bytes == 0 {
            return;
        }
        self.raw += bytes as u64;
        self.price += price;
        self.points.push(Point {
            raw: self.raw,
            price: self.price,
        });
    }

    /// The next `bytes` of the content stand in `packed` bytes of the stream.
    pub fn charge_bytes(&mut self, bytes: usize, packed: usize) {
        self.charge(bytes, (packed as u64 * 8) << FRACTION);
    }

    /// Begins a group.
    pub fn open(&self) -> Mark {
        Mark {
            point: self.points.len() - 1,
        }
    }

    /// Ends a group that takes `bits` of the stream in all. What its symbols leave over (headers,
    /// tables, rounding) is spread over them in proportion to their prices.
    pub fn close(&mut self, mark: Mark, bits: u64) {
        rescale(&mut self.points[mark.point..], bits << FRACTION);
        self.price = self.points[self.points.len() - 1].price;
    }

    /// The costs in 1/65536 byte, which sum to `consumed` bytes exactly.
    pub fn settle(mut self, consumed: usize) -> Costs {
        let total = (consumed as u64) << 16;
        rescale(&mut self.points, total);
        Costs {
            points: self.points,
            total,
        }
    }
}

/// Scales the prices behind the first point such that they sum to `total`.
fn rescale(points: &mut [Point], total: u64) {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return;
    };
    // Symbols whose prices are all zero share by length.
    let by_length = last.price == first.price;
    let (whole, of): (u64, fn(&Point) -> u64) = if by_length {
        (last.raw - first.raw, |point| point.raw)
    } else {
        (last.price - first.price, |point| point.price)
    };
    if whole == 0 {
        return;
    }
    let start = of(&first);
    for point in &mut points[1..] {
        point.price = first.price + proportion(of(point) - start, total, whole);
    }
}

/// `part / whole` of `total`, rounded down; all of it for the whole.
fn proportion(part: u64, total: u64, whole: u64) -> u64 {
    (u128::from(part) * u128::from(total) / u128::from(whole)) as u64
}

/// What each byte of the content costs.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    points: Vec<Point>,
    total: u64,
}

impl Costs {
    /// The cost of a range in 1/65536 byte. What lies behind the content costs nothing.
    pub fn of(&self, range: Range<usize>) -> u64 {
        if self.points.len() == 1 {
            // No content: the empty range is the whole.
            return self.total;
        }
        self.before(range.end)
            .saturating_sub(self.before(range.start))
    }

    /// The cost of all before byte `at`. Differences of it telescope, so that the costs of
    /// adjoining ranges sum exactly.
    fn before(&self, at: usize) -> u64 {
        let at = at as u64;
        let next = self.points.partition_point(|point| point.raw <= at);
        let low = self.points[next - 1];
        match self.points.get(next) {
            Some(high) => {
                low.price + proportion(at - low.raw, high.price - low.price, high.raw - low.raw)
            }
            None => low.price,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(count: u64) -> u64 {
        count << FRACTION
    }

    #[test]
    fn charges_symbols_to_their_bytes_and_spreads_the_rest() {
        let mut ledger = Ledger::new();
        ledger.charge(1, bits(8));
        ledger.charge(4, bits(24));
        // Four bytes for the symbols, one for headers: a quarter more for everyone.
        let costs = ledger.settle(5);
        assert_eq!(costs.of(0..1), 65536 + 65536 / 4);
        assert_eq!(costs.of(1..5), 3 * 65536 + 3 * 65536 / 4);
        assert_eq!(costs.of(1..3) + costs.of(3..5), costs.of(1..5));
        assert_eq!(costs.of(0..5), 5 << 16);
        assert_eq!(costs.of(0..99), 5 << 16);
        assert_eq!(costs.of(7..99), 0);
    }

    #[test]
    fn a_group_costs_what_it_takes() {
        let mut ledger = Ledger::new();
        ledger.charge(10, bits(80));
        let mark = ledger.open();
        ledger.charge(1, bits(10));
        ledger.charge(1, bits(30));
        ledger.close(mark, 80);
        let costs = ledger.settle(20);
        assert_eq!(costs.of(0..10), 10 << 16);
        assert_eq!(costs.of(10..11) * 3, costs.of(11..12));
        assert_eq!(costs.of(0..12), 20 << 16);
    }

    #[test]
    fn bytes_without_a_price_share_by_length() {
        let mut ledger = Ledger::new();
        ledger.charge(1, 0);
        ledger.charge(3, 0);
        let costs = ledger.settle(8);
        assert_eq!(costs.of(0..1), 2 << 16);
        assert_eq!(costs.of(0..4), 8 << 16);
    }

    #[test]
    fn no_content_bears_the_whole() {
        assert_eq!(Ledger::new().settle(32).of(0..0), 32 << 16);
    }
}
