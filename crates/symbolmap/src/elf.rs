//! An ELF file of either class and byte order, as far as the pieces need it.

use std::ops::Range;

use object::{ReadRef, elf};

use crate::error::Error;

/// The sections and symbols of a program.
pub struct Program {
    pub machine: u16,
    pub little: bool,
    /// Of the 64-bit class.
    pub wide: bool,
    pub entry: u64,
    /// It runs at its addresses: no loader moves it.
    pub fixed: bool,
    pub sections: Vec<Section>,
    pub segments: Vec<Segment>,
    pub symbols: Vec<Symbol>,
    /// The ELF header and the tables of headers: where they are in the file.
    pub headers: Vec<(Range<u64>, &'static str)>,
}

/// A section, or a segment of a program whose section headers were cut off.
#[derive(Debug, Clone)]
pub struct Section {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    /// Its address at run time.
    pub address: u64,
    /// Its address in a raw image.
    pub load: u64,
    pub size: u64,
    pub offset: u64,
}

/// What is loaded into memory.
#[derive(Debug, Clone)]
pub struct Segment {
    pub kind: u32,
    pub address: u64,
    pub load: u64,
    pub offset: u64,
    pub file_size: u64,
    pub flags: u32,
}

/// A symbol, in the table's order.
#[derive(Debug, Clone)]
pub struct Symbol {
    pub name: String,
    pub kind: u8,
    pub binding: u8,
    pub address: u64,
    pub size: u64,
    /// Absolute, or defined elsewhere: its address is none of this program.
    pub elsewhere: bool,
}

impl Section {
    /// The section has bytes in the file.
    pub fn in_file(&self) -> bool {
        self.kind != elf::SHT_NOBITS && self.kind != elf::SHT_NULL && self.size > 0
    }

    /// The section is in memory when the program runs.
    pub fn allocated(&self) -> bool {
        self.flags & u64::from(elf::SHF_ALLOC) != 0
    }

    pub fn executable(&self) -> bool {
        self.flags & u64::from(elf::SHF_EXECINSTR) != 0
    }

    pub fn thread_local(&self) -> bool {
        self.flags & u64::from(elf::SHF_TLS) != 0
    }

    /// Its bytes, as far as the file has them.
    pub fn bytes<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        if !self.in_file() {
            return &[];
        }
        let end = self.offset.saturating_add(self.size).min(file.len() as u64);
        let start = self.offset.min(end);
        &file[start as usize..end as usize]
    }

    /// Its place, for messages.
    pub fn place(&self) -> String {
        place(self.address, self.size)
    }
}

/// An address and a size, for messages.
pub fn place(address: u64, size: u64) -> String {
    format!("{address:#x} with {size:#x} bytes")
}

impl Program {
    /// The number that a word of four or eight bytes has.
    pub fn number(&self, word: &[u8]) -> Option<u64> {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match (word.len(), self.little) {
            (0..=8, true) => Some(word.iter().rev().fold(0, add)),
            (0..=8, false) => Some(word.iter().fold(0, add)),
            _ => None,
        }
    }

    /// The build id, if the linker wrote one.
    pub fn build_id<'data>(&self, data: impl ReadRef<'data>) -> Option<&'data [u8]> {
        let notes = self.sections.iter();
        let mut notes = notes.filter(|section| section.kind == elf::SHT_NOTE && section.in_file());
        notes.find_map(|section| {
            let bytes = data
                .read_bytes_at(section.offset, section.size.min(4096))
                .ok()?;
            // Three words: the lengths of the name and of the content, and the type 3.
            let at = bytes.windows(4).position(|name| name == b"GNU\0")?;
            let header = bytes.get(at.checked_sub(12)?..at)?;
            if self.number(&header[8..])? != u64::from(elf::NT_GNU_BUILD_ID) {
                return None;
            }
            let length = self.number(&header[4..8])? as usize;
            bytes.get(at + 4..)?.get(..length)
        })
    }

    /// The sections of the running program that have a size.
    pub fn memory(&self) -> impl Iterator<Item = &Section> {
        let sections = self.sections.iter();
        sections.filter(|section| section.allocated() && section.size > 0)
    }

    /// Compares the sections in memory with a twin's.
    pub fn must_equal(&self, twin: &Program) -> Result<(), Error> {
        for section in self.memory() {
            if section.name.starts_with("segment ") {
                continue;
            }
            // What objcopy removed from the twin says nothing; what moved does.
            let Some(other) = twin
                .sections
                .iter()
                .find(|other| other.name == section.name)
            else {
                continue;
            };
            if (other.address, other.size) != (section.address, section.size) {
                return Err(Error::OtherSymbols {
                    section: section.name.clone(),
                    program: section.place(),
                    twin: other.place(),
                });
            }
        }
        Ok(())
    }
}
