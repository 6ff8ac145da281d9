//! Prefix codes and the bits they are read from.

use crate::Error;
use crate::reader::Reader;

/// The longest code in bits.
pub(super) const LONGEST: usize = 15;

/// Reads bits, the lowest of a byte first.
pub(super) struct Bits<'r, 'a> {
    pub reader: &'r mut Reader<'a>,
    held: u32,
    count: u32,
}

impl<'r, 'a> Bits<'r, 'a> {
    pub fn new(reader: &'r mut Reader<'a>) -> Self {
        Bits {
            reader,
            held: 0,
            count: 0,
        }
    }

    /// A number of at most 16 bits.
    pub fn take(&mut self, bits: u32) -> Result<u32, Error> {
        while self.count < bits {
            self.held |= u32::from(self.reader.u8("a block")?) << self.count;
            self.count += 8;
        }
        let value = self.held & ((1 << bits) - 1);
        self.held >>= bits;
        self.count -= bits;
        Ok(value)
    }

    /// Goes to the next whole byte.
    pub fn align(&mut self) {
        self.held = 0;
        self.count = 0;
    }

    /// How many bits were read of the data.
    pub fn position(&self) -> u64 {
        self.reader.at as u64 * 8 - u64::from(self.count)
    }
}

/// A canonical prefix code: codes of the same length are consecutive, in the order of the symbols.
pub(super) struct Code {
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// The code in which symbol `n` has `lengths[n]` bits, or none where that is zero.
    pub fn new(lengths: &[u8]) -> Result<Self, &'static str> {
        let mut counts = [0; LONGEST + 1];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        let used = lengths.len() - usize::from(counts[0]);
        counts[0] = 0;
        let mut left = 1i32;
        for &count in &counts[1..] {
            left = left * 2 - i32::from(count);
            if left < 0 {
                return Err("a prefix code has more codes than fit");
            }
        }
        // As zlib has it: a single code of one bit may leave the other out.
        if left > 0 && !(used == 0 || used == 1 && counts[1] == 1) {
            return Err("a prefix code is incomplete");
        }
        let mut next = [0u16; LONGEST + 2];
        for length in 1..=LONGEST {
            next[length + 1] = next[length] + counts[length];
        }
        let mut symbols = vec![0; used];
        for (symbol, &length) in (0..).zip(lengths) {
            if length != 0 {
                let place = &mut next[usize::from(length)];
                symbols[usize::from(*place)] = symbol;
                *place += 1;
            }
        }
        Ok(Code { counts, symbols })
    }

    /// The next symbol, and the length of its code in bits.
    pub fn symbol(&self, bits: &mut Bits<'_, '_>) -> Result<(u16, u32), Error> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for (length, &count) in (1..).zip(&self.counts[1..]) {
            code = code << 1 | bits.take(1)?;
            let count = u32::from(count);
            if code < first + count {
                let place = index + (code - first);
                return Ok((self.symbols[place as usize], length));
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(bits.reader.damaged("a code that stands for no symbol"))
    }
}
