//! Addresses that instructions form: what code refers to, for the processors where it is not a word
//! in a literal pool.
//!
//! No disassembler: pairs of instructions that build an address are looked for, and everything
//! else is passed over. What is not found stays without an owner.

use object::elf;

use crate::elf::{Program, Section};

/// The addresses that a section's code forms, each with the address of the instruction.
pub fn addresses(program: &Program, section: &Section, code: &[u8]) -> Vec<(u64, u64)> {
    match program.machine {
        elf::EM_ARM => pairs(program, section, code, 2, thumb),
        elf::EM_AARCH64 => pairs(program, section, code, 4, aarch64),
        elf::EM_RISCV => pairs(program, section, code, 2, riscv),
        elf::EM_MIPS => pairs(program, section, code, 4, mips),
        elf::EM_X86_64 | elf::EM_386 => x86(program, section, code),
        _ => Vec::new(),
    }
}

/// What an instruction does to an address.
enum Step {
    /// It puts the upper part into a register.
    Upper(u32, u64),
    /// It adds the lower part to a register, by way of an address or a load.
    Lower(u32, u64),
    /// Neither.
    Other,
}

/// Follows the upper parts in 32 registers. The decoder gets an instruction with its address, and
/// steps are as long as its shortest instruction.
fn pairs(
    program: &Program,
    section: &Section,
    code: &[u8],
    step: usize,
    decode: impl Fn(u32, u64) -> Step,
) -> Vec<(u64, u64)> {
    let mut upper = [None; 32];
    let mut found = Vec::new();
    for (at, word) in code.windows(4).enumerate().step_by(step) {
        let Some(mut word) = program.number(word).map(|word| word as u32) else {
            continue;
        };
        if step == 2 && !program.little {
            word = word.rotate_left(16);
        }
        let address = section.address.wrapping_add(at as u64);
        match decode(word, address) {
            Step::Upper(register, value) => upper[register as usize & 31] = Some(value),
            Step::Lower(register, value) => {
                if let Some(upper) = upper[register as usize & 31] {
                    let target = value.wrapping_add(upper);
                    found.push((
                        address,
                        if program.wide {
                            target
                        } else {
                            target & 0xffff_ffff
                        },
                    ));
                }
            }
            Step::Other => {}
        }
    }
    found
}

/// `movw` and `movt`; the first half-word is the lower one.
fn thumb(word: u32, _: u64) -> Step {
    let (first, second) = (word & 0xffff, word >> 16);
    let value =
        (first & 15) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 255;
    match (first & 0xfbf0, second & 0x8000) {
        (0xf240, 0) => Step::Upper(second >> 8 & 15, value.into()),
        (0xf2c0, 0) => Step::Lower(second >> 8 & 15, u64::from(value) << 16),
        _ => Step::Other,
    }
}

/// `adrp`, then `add` or a load.
fn aarch64(word: u32, address: u64) -> Step {
    if word & 0x9f00_0000 == 0x9000_0000 {
        let pages = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3;
        let pages = i64::from((pages << 11).cast_signed() >> 11);
        return Step::Upper(
            word & 31,
            (address & !0xfff).wrapping_add_signed(pages << 12),
        );
    }
    let (register, offset) = (word >> 5 & 31, u64::from(word >> 10 & 0xfff));
    if word & 0xffc0_0000 == 0x9100_0000 {
        return Step::Lower(register, offset);
    }
    match word & 0x3b00_0000 == 0x3900_0000 {
        true => Step::Lower(register, offset << (word >> 30)),
        false => Step::Other,
    }
}

/// `lui` or `auipc`, then `addi` or a load.
fn riscv(word: u32, address: u64) -> Step {
    let register = word >> 7 & 31;
    let upper = i64::from((word & 0xffff_f000).cast_signed());
    let low = i64::from(word.cast_signed() >> 20).cast_unsigned();
    match word & 0x7f {
        0x37 => Step::Upper(register, upper.cast_unsigned()),
        0x17 => Step::Upper(register, address.wrapping_add_signed(upper)),
        0x13 if word >> 12 & 7 == 0 => Step::Lower(word >> 15 & 31, low),
        0x03 => Step::Lower(word >> 15 & 31, low),
        // The short form of lui.
        _ if word & 0xe003 == 0x6001 && ![0, 2].contains(&register) => {
            let value = (word >> 12 & 1) << 5 | word >> 2 & 31;
            let value = i64::from((value << 26).cast_signed() >> 14);
            Step::Upper(register, value.cast_unsigned())
        }
        _ => Step::Other,
    }
}

/// `lui`, then `addiu` or a load.
fn mips(word: u32, _: u64) -> Step {
    let low = i64::from((word << 16).cast_signed() >> 16).cast_unsigned();
    match word >> 26 {
        0x0f => Step::Upper(word >> 16 & 31, u64::from(word & 0xffff) << 16),
        0x09 | 0x20..=0x25 => Step::Lower(word >> 21 & 31, low),
        _ => Step::Other,
    }
}

/// Addresses relative to the instruction, whose last byte before them is then `00rrr101`, and
/// absolute ones in a program that is not moved.
fn x86(program: &Program, section: &Section, code: &[u8]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for (at, bytes) in code.windows(5).enumerate() {
        let value = i32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        let address = section.address.wrapping_add(at as u64);
        let next = address.wrapping_add(5);
        if bytes[0] & 0xc7 == 5 {
            found.push((address, next.wrapping_add_signed(value.into())));
        }
        if program.fixed {
            found.push((address, u64::from(value.cast_unsigned())));
        }
    }
    found
}
