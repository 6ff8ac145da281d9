//! LZMA's symbols: literals, matches, repeated matches.

use crate::Error;
use crate::ledger::Ledger;
use crate::lzma::dictionary::{Dictionary, Room, copy};
use crate::lzma::range::{HALF, RangeDecoder};
use crate::reader::Reader;

const STATES: usize = 12;
const FIRST_MATCH_STATE: usize = 7;
const MAX_POSITION_STATES: usize = 16;
const MIN_MATCH: usize = 2;
const ALIGN_BITS: u32 = 4;
/// Distance slots below this need no more bits.
const FIRST_SLOT_WITH_BITS: usize = 4;
/// Distance slots from here on have bits without models.
const FIRST_SLOT_WITH_DIRECT_BITS: usize = 14;
/// The distance that ends a stream.
const END_DISTANCE: usize = 0xFFFF_FFFF;

/// lc, lp and pb: how the models depend on the byte before and on the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Properties {
    pub literal_context_bits: u32,
    pub literal_position_bits: u32,
    pub position_bits: u32,
}

impl Properties {
    /// From the byte `(pb * 5 + lp) * 9 + lc`.
    pub fn from_byte(byte: u8) -> Option<Self> {
        let byte = u32::from(byte);
        (byte < 9 * 5 * 5).then_some(Properties {
            literal_context_bits: byte % 9,
            literal_position_bits: byte / 9 % 5,
            position_bits: byte / 45,
        })
    }
}

/// Why decoding stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The content has the size that was asked for.
    Full,
    /// The stream's end marker.
    Marker,
}

struct Lengths {
    choice: [u16; 2],
    low: [[u16; 8]; MAX_POSITION_STATES],
    mid: [[u16; 8]; MAX_POSITION_STATES],
    high: [u16; 256],
}

impl Lengths {
    fn new() -> Self {
        Lengths {
            choice: [HALF; 2],
            low: [[HALF; 8]; MAX_POSITION_STATES],
            mid: [[HALF; 8]; MAX_POSITION_STATES],
            high: [HALF; 256],
        }
    }

    fn decode(&mut self, code: &mut RangeDecoder<'_>, position_state: usize) -> usize {
        if code.bit(&mut self.choice[0]) == 0 {
            code.tree(&mut self.low[position_state], 3)
        } else if code.bit(&mut self.choice[1]) == 0 {
            8 + code.tree(&mut self.mid[position_state], 3)
        } else {
            16 + code.tree(&mut self.high, 8)
        }
    }
}

/// The models and the state between two symbols.
pub(crate) struct Decoder {
    properties: Properties,
    /// 0x300 models per context.
    literals: Vec<u16>,
    is_match: [[u16; MAX_POSITION_STATES]; STATES],
    is_repeat: [u16; STATES],
    is_repeat_0: [u16; STATES],
    is_repeat_0_long: [[u16; MAX_POSITION_STATES]; STATES],
    is_repeat_1: [u16; STATES],
    is_repeat_2: [u16; STATES],
    distance_slots: [[u16; 64]; 4],
    distances: [u16; 1 << 7],
    align: [u16; 1 << ALIGN_BITS],
    match_lengths: Lengths,
    repeat_lengths: Lengths,
    state: usize,
    /// The last four distances, less one.
    repeats: [usize; 4],
}

impl Decoder {
    pub fn new(properties: Properties) -> Self {
        let contexts =
            1usize << (properties.literal_context_bits + properties.literal_position_bits);
        Decoder {
            properties,
            literals: vec![HALF; 0x300 * contexts],
            is_match: [[HALF; MAX_POSITION_STATES]; STATES],
            is_repeat: [HALF; STATES],
            is_repeat_0: [HALF; STATES],
            is_repeat_0_long: [[HALF; MAX_POSITION_STATES]; STATES],
            is_repeat_1: [HALF; STATES],
            is_repeat_2: [HALF; STATES],
            distance_slots: [[HALF; 64]; 4],
            distances: [HALF; 1 << 7],
            align: [HALF; 1 << ALIGN_BITS],
            match_lengths: Lengths::new(),
            repeat_lengths: Lengths::new(),
            state: 0,
            repeats: [0; 4],
        }
    }

    /// Forgets what was learned.
    pub fn reset(&mut self) {
        *self = Decoder::new(self.properties);
    }

    /// Decodes until `raw`, in which the dictionary lies, is full. `reader` stands at the start of
    /// `code` and only names the place of an error.
    pub fn decode(
        &mut self,
        code: &mut RangeDecoder<'_>,
        raw: &mut Vec<u8>,
        dictionary: &Dictionary,
        room: &Room,
        ledger: &mut Ledger,
        reader: &Reader<'_>,
    ) -> Result<End, Error> {
        while raw.len() < room.until {
            let before = raw.len();
            let end = self.symbol(code, raw, dictionary, room.most);
            if code.ran_out() {
                return Err(reader.truncated("a symbol"));
            }
            match end {
                Ok(None) => {}
                Ok(Some(end)) => return Ok(end),
                Err(what) => {
                    return Err(Error::Damaged {
                        codec: reader.codec,
                        offset: reader.at + code.at(),
                        what: what.to_owned(),
                    });
                }
            }
            ledger.charge(raw.len() - before, code.take_price());
        }
        Ok(End::Full)
    }

    /// Whether the marker, which may follow content of known size, comes next.
    pub fn is_marker(
        &mut self,
        code: &mut RangeDecoder<'_>,
        raw: &mut Vec<u8>,
        dictionary: &Dictionary,
    ) -> bool {
        let full = raw.len();
        self.symbol(code, raw, dictionary, full) == Ok(Some(End::Marker)) && !code.ran_out()
    }

    /// One symbol; says what is wrong with it.
    #[inline(always)]
    fn symbol(
        &mut self,
        code: &mut RangeDecoder<'_>,
        raw: &mut Vec<u8>,
        dictionary: &Dictionary,
        most: usize,
    ) -> Result<Option<End>, &'static str> {
        let position = raw.len() - dictionary.start;
        let position_state = position & ((1 << self.properties.position_bits) - 1);
        let state = self.state;
        if code.bit(&mut self.is_match[state][position_state]) == 0 {
            if raw.len() >= most {
                return Err("a symbol follows the end of the content");
            }
            self.literal(code, raw, dictionary, position)?;
            return Ok(None);
        }
        let length = if code.bit(&mut self.is_repeat[state]) == 0 {
            let length = self.match_lengths.decode(code, position_state);
            self.state = if state < FIRST_MATCH_STATE { 7 } else { 10 };
            let distance = self.distance(code, length);
            if distance == END_DISTANCE {
                return Ok(Some(End::Marker));
            }
            self.repeats = [distance, self.repeats[0], self.repeats[1], self.repeats[2]];
            length + MIN_MATCH
        } else if code.bit(&mut self.is_repeat_0[state]) == 0 {
            if code.bit(&mut self.is_repeat_0_long[state][position_state]) == 0 {
                self.state = if state < FIRST_MATCH_STATE { 9 } else { 11 };
                1
            } else {
                self.repeat(code, position_state)
            }
        } else {
            let which = if code.bit(&mut self.is_repeat_1[state]) == 0 {
                1
            } else {
                2 + code.bit(&mut self.is_repeat_2[state])
            };
            self.repeats[..=which].rotate_right(1);
            self.repeat(code, position_state)
        };
        if length > most.saturating_sub(raw.len()) {
            return Err("a match runs past the end of the content");
        }
        copy(raw, dictionary, self.repeats[0], length)?;
        Ok(None)
    }

    fn repeat(&mut self, code: &mut RangeDecoder<'_>, position_state: usize) -> usize {
        self.state = if self.state < FIRST_MATCH_STATE {
            8
        } else {
            11
        };
        self.repeat_lengths.decode(code, position_state) + MIN_MATCH
    }

    #[inline(always)]
    fn literal(
        &mut self,
        code: &mut RangeDecoder<'_>,
        raw: &mut Vec<u8>,
        dictionary: &Dictionary,
        position: usize,
    ) -> Result<(), &'static str> {
        let previous = if raw.len() > dictionary.start {
            usize::from(raw[raw.len() - 1])
        } else {
            0
        };
        let lc = self.properties.literal_context_bits;
        let low = position & ((1 << self.properties.literal_position_bits) - 1);
        let context = (low << lc) + (previous >> (8 - lc));
        let models = &mut self.literals[0x300 * context..0x300 * (context + 1)];
        let mut symbol = 1;
        if self.state >= FIRST_MATCH_STATE {
            // Behind a match stands what does not match: its bits are coded against the byte that
            // a longer match would have produced.
            let from = dictionary.source(raw.len(), self.repeats[0])?;
            let mut matched = usize::from(raw[from]);
            let mut offset = 0x100;
            while symbol < 0x100 {
                matched <<= 1;
                let expected = matched & offset;
                let bit = code.bit(&mut models[offset + expected + symbol]);
                symbol = symbol << 1 | bit;
                offset &= if bit == 1 { matched } else { !matched };
            }
        } else {
            while symbol < 0x100 {
                symbol = symbol << 1 | code.bit(&mut models[symbol]);
            }
        }
        raw.push(symbol as u8);
        self.state = match self.state {
            0..4 => 0,
            4..10 => self.state - 3,
            _ => self.state - 6,
        };
        Ok(())
    }

    /// A distance, less one.
    #[inline(always)]
    fn distance(&mut self, code: &mut RangeDecoder<'_>, length: usize) -> usize {
        let slot = code.tree(&mut self.distance_slots[length.min(3)], 6);
        if slot < FIRST_SLOT_WITH_BITS {
            return slot;
        }
        let bits = (slot >> 1) as u32 - 1;
        let base = (2 | slot & 1) << bits;
        if slot < FIRST_SLOT_WITH_DIRECT_BITS {
            base + code.reverse_tree(&mut self.distances[base - slot..], bits)
        } else {
            base + (code.direct(bits - ALIGN_BITS) << ALIGN_BITS)
                + code.reverse_tree(&mut self.align, ALIGN_BITS)
        }
    }
}
