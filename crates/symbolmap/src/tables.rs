//! Tables with an entry for each function or address: unwinding on ARM, and relocations.

use object::elf;

use crate::elf::{Program, Section};
use crate::piece::Span;

/// A table whose entries point to what they are there for.
#[derive(Clone, Copy)]
pub enum Table {
    /// `.ARM.exidx`: two words, of which the first has the distance to a function.
    Unwind,
    /// `.rel.dyn` and its kind: the first word is the address of what the loader changes.
    Relocations { entry: usize, word: usize },
}

impl Table {
    /// What table a section is, if it is one of a running program.
    pub fn of(program: &Program, section: &Section) -> Option<Self> {
        let word = if program.wide { 8 } else { 4 };
        match section.kind {
            elf::SHT_ARM_EXIDX if program.machine == elf::EM_ARM => Some(Table::Unwind),
            elf::SHT_REL => Some(Table::Relocations {
                entry: 2 * word,
                word,
            }),
            elf::SHT_RELA => Some(Table::Relocations {
                entry: 3 * word,
                word,
            }),
            _ => None,
        }
    }

    fn entry(self) -> usize {
        match self {
            Table::Unwind => 8,
            Table::Relocations { entry, .. } => entry,
        }
    }

    /// The address that the entry at an address is for.
    fn target(self, program: &Program, entry: &[u8], at: u64) -> Option<u64> {
        match self {
            // 31 bits with a sign, from the place of the word. The last bit is for Thumb.
            Table::Unwind => {
                let word = program.number(entry.get(..4)?)? as u32;
                let distance = i64::from((word << 1).cast_signed() >> 1);
                Some(at.wrapping_add_signed(distance) & !1)
            }
            Table::Relocations { word, .. } => program.number(entry.get(..word)?),
        }
    }

    /// Each entry with the name and owner of what it is for. `named` are the spans of all
    /// sections, sorted by address.
    pub fn spans(
        self,
        program: &Program,
        number: usize,
        bytes: &[u8],
        named: &[&Span],
    ) -> Vec<Span> {
        let section = &program.sections[number];
        let entries = bytes
            .chunks_exact(self.entry())
            .zip((0..).step_by(self.entry()));
        let found = entries.filter_map(|(entry, offset)| {
            let start = section.address.checked_add(offset)?;
            let target = self.target(program, entry, start)?;
            let after = named.partition_point(|span| span.start <= target);
            let span = named.get(after.checked_sub(1)?)?;
            (target < span.end).then(|| Span {
                section: number,
                start,
                end: start.saturating_add(self.entry() as u64),
                owner: span.owner.clone(),
                symbol: span.symbol.clone(),
            })
        });
        found.collect()
    }
}
