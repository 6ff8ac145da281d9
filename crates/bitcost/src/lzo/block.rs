//! A block of LZO1X: instructions, each a match and up to three literals, or a run of literals.

use crate::Error;
use crate::ledger::Ledger;
use crate::matches::{repeat_bytes, source};
use crate::reader::Reader;

/// What the instruction before left: how many literals followed it.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// None: the next instruction may be a run.
    None,
    /// One to three.
    Few,
    /// A run of four or more.
    Run,
}

/// What an instruction says.
struct Match {
    distance: usize,
    length: usize,
    /// Literals that follow.
    literals: usize,
}

/// Matches of the instruction that may follow a run reach behind the near ones.
const BEHIND_NEAR: usize = 0x800;
/// Far matches begin here.
const FAR: usize = 0x4000;

/// Unpacks a block up to its end marker.
///
/// An instruction's bytes are borne by its match, a literal costs its byte, and a run's length is
/// borne by the run.
pub(crate) fn unpack(
    reader: &mut Reader<'_>,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let start = raw.len();
    let mut state = State::None;
    // The first instruction may be a run in a form of its own.
    if let Some(&first @ 18..) = reader.rest().first() {
        reader.at += 1;
        let length = usize::from(first) - 17;
        literals(reader, length, 1, raw, ledger)?;
        state = if length < 4 { State::Few } else { State::Run };
    }
    loop {
        let before = reader.at;
        let code = usize::from(reader.u8("an instruction")?);
        if code < 16 && state == State::None {
            let length = 3 + length(reader, code, 15)?;
            let overhead = reader.at - before;
            literals(reader, length, overhead, raw, ledger)?;
            state = State::Run;
            continue;
        }
        let Some(found) = instruction(reader, code, state)? else {
            return Ok(());
        };
        reader.check_limit(raw.len().saturating_add(found.length) as u64)?;
        let from = source(raw, start, found.distance).map_err(|what| reader.damaged(what))?;
        repeat_bytes(raw, from, found.length);
        ledger.charge_bytes(found.length, reader.at - before);
        literals(reader, found.literals, 0, raw, ledger)?;
        state = if found.literals == 0 {
            State::None
        } else {
            State::Few
        };
    }
}

/// A match; none at the end marker.
fn instruction(reader: &mut Reader<'_>, code: usize, state: State) -> Result<Option<Match>, Error> {
    let near = |reader: &mut Reader<'_>, low: usize, shift: u32| {
        let high = usize::from(reader.u8("a distance")?);
        Ok::<_, Error>(low + (high << shift) + 1)
    };
    Ok(Some(match code {
        0..16 => {
            let distance = near(reader, code >> 2, 2)?;
            Match {
                distance: distance + if state == State::Run { BEHIND_NEAR } else { 0 },
                length: if state == State::Run { 3 } else { 2 },
                literals: code & 3,
            }
        }
        16..32 => {
            let length = 2 + length(reader, code & 7, 7)?;
            let field = usize::from(reader.u16_le("a distance")?);
            let distance = ((code & 8) << 11) + (field >> 2);
            if distance == 0 {
                if length != 3 {
                    return Err(reader.damaged("an end marker of another length"));
                }
                return Ok(None);
            }
            Match {
                distance: distance + FAR,
                length,
                literals: field & 3,
            }
        }
        32..64 => {
            let length = 2 + length(reader, code & 31, 31)?;
            let field = usize::from(reader.u16_le("a distance")?);
            Match {
                distance: (field >> 2) + 1,
                length,
                literals: field & 3,
            }
        }
        _ => Match {
            distance: near(reader, code >> 2 & 7, 3)?,
            length: (code >> 5) + 1,
            literals: code & 3,
        },
    }))
}

/// A length: the field, or where that is zero, `base` and the bytes that follow.
fn length(reader: &mut Reader<'_>, field: usize, base: usize) -> Result<usize, Error> {
    if field != 0 {
        return Ok(field);
    }
    let mut length = base;
    loop {
        match reader.u8("a length")? {
            0 => length += 255,
            last => return Ok(length + usize::from(last)),
        }
    }
}

/// Literals, which bear `overhead` bytes before them.
fn literals(
    reader: &mut Reader<'_>,
    count: usize,
    overhead: usize,
    raw: &mut Vec<u8>,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    reader.check_limit(raw.len().saturating_add(count) as u64)?;
    raw.extend_from_slice(reader.bytes(count, "literals")?);
    ledger.charge_bytes(count, overhead + count);
    Ok(())
}
