//! The range decoder, which knows the price of each bit.

use crate::ledger::FRACTION;

/// Bits of a probability.
const MODEL_BITS: u32 = 11;
/// The probability of one half, with which each model starts.
pub(crate) const HALF: u16 = 1 << (MODEL_BITS - 1);
const ADAPTION: u32 = 5;
const TOP: u32 = 1 << 24;

/// The price of a bit of probability `index / 2048`, in bits with [`FRACTION`] fraction bits.
static PRICES: [u32; 1 << MODEL_BITS] = prices();

/// `-log2` by repeated squaring, one fraction bit per step.
const fn prices() -> [u32; 1 << MODEL_BITS] {
    let mut table = [0; 1 << MODEL_BITS];
    let mut index = 1;
    while index < table.len() {
        let whole = (index as u32).ilog2();
        // index / 2^whole, between 1 and 2, with 31 fraction bits.
        let mut value = (index as u64) << (31 - whole);
        let mut log = whole;
        let mut step = 0;
        while step < FRACTION {
            value = (value * value) >> 31;
            log <<= 1;
            if value >= 1 << 32 {
                value >>= 1;
                log |= 1;
            }
            step += 1;
        }
        table[index] = (MODEL_BITS << FRACTION) - log;
        index += 1;
    }
    // A model never reaches zero.
    table[0] = MODEL_BITS << FRACTION;
    table
}

/// Decodes bits, and adds up what they cost.
pub(crate) struct RangeDecoder<'a> {
    data: &'a [u8],
    at: usize,
    range: u32,
    code: u32,
    price: u64,
}

impl<'a> RangeDecoder<'a> {
    /// The size of the first bytes, which set up the decoder.
    pub const START: usize = 5;

    /// Starts at the beginning of `data`; `None` where that is too short, or does not begin with
    /// the zero that every encoder writes.
    pub fn new(data: &'a [u8]) -> Option<Self> {
        match data {
            [0, a, b, c, d, ..] => Some(RangeDecoder {
                data,
                at: Self::START,
                range: u32::MAX,
                code: u32::from_be_bytes([*a, *b, *c, *d]),
                price: 0,
            }),
            _ => None,
        }
    }

    /// How many bytes were read. More than there are where the data ended too early.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn ran_out(&self) -> bool {
        self.at > self.data.len()
    }

    /// What the bits since the last call cost.
    pub fn take_price(&mut self) -> u64 {
        std::mem::take(&mut self.price)
    }

    /// Whether the encoder ended here.
    pub fn is_finished(&mut self) -> bool {
        self.normalize();
        self.code == 0
    }

    #[inline(always)]
    fn normalize(&mut self) {
        if self.range < TOP {
            self.range <<= 8;
            // Behind the end follow zeros; `ran_out` tells, once per symbol.
            let byte = self.data.get(self.at).copied().unwrap_or(0);
            self.code = self.code << 8 | u32::from(byte);
            self.at += 1;
        }
    }

    /// A bit of a probability.
    #[inline(always)]
    pub fn bit(&mut self, model: &mut u16) -> usize {
        self.normalize();
        let zero = u32::from(*model);
        let bound = (self.range >> MODEL_BITS) * zero;
        if self.code < bound {
            self.range = bound;
            self.price += u64::from(PRICES[zero as usize % PRICES.len()]);
            *model += ((1 << MODEL_BITS) - *model) >> ADAPTION;
            0
        } else {
            self.range -= bound;
            self.code -= bound;
            let one = PRICES.len() - zero as usize;
            self.price += u64::from(PRICES[one % PRICES.len()]);
            *model -= *model >> ADAPTION;
            1
        }
    }

    /// A number of `bits` bits, the highest first; each prefix has a model.
    #[inline(always)]
    pub fn tree(&mut self, models: &mut [u16], bits: u32) -> usize {
        let mut symbol = 1;
        for _ in 0..bits {
            symbol = symbol << 1 | self.bit(&mut models[symbol]);
        }
        symbol - (1 << bits)
    }

    /// A number of `bits` bits, the lowest first; each suffix has a model.
    pub fn reverse_tree(&mut self, models: &mut [u16], bits: u32) -> usize {
        let mut symbol = 1;
        let mut number = 0;
        for place in 0..bits {
            let bit = self.bit(&mut models[symbol]);
            symbol = symbol << 1 | bit;
            number |= bit << place;
        }
        number
    }

    /// A number of `bits` bits that cost one bit each.
    pub fn direct(&mut self, bits: u32) -> usize {
        let mut number = 0;
        for _ in 0..bits {
            self.normalize();
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            number = number << 1 | usize::from(bit);
        }
        self.price += u64::from(bits) << FRACTION;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_logarithms() {
        for (index, &price) in PRICES.iter().enumerate().skip(1) {
            let exact = -(index as f64 / 2048.0).log2();
            let found = f64::from(price) / f64::from(1u32 << FRACTION);
            assert!((exact - found).abs() < 1e-4, "{index}: {found}, {exact}");
        }
        assert_eq!(PRICES[usize::from(HALF)], 1 << FRACTION);
    }
}
