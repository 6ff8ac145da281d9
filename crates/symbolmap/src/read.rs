//! The reader of ELF files.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::{FileKind, ReadRef};

use crate::elf::{Program, Section, Segment, Symbol};
use crate::error::Error;

impl Program {
    /// Reads a file with its symbols. `what` names it in messages.
    pub fn read<'data>(what: &'static str, data: impl ReadRef<'data>) -> Result<Self, Error> {
        Self::any(what, data, true)
    }

    /// Reads a file without its symbols.
    pub fn outline<'data>(data: impl ReadRef<'data>) -> Result<Self, Error> {
        Self::any("the program", data, false)
    }

    fn any<'data, R: ReadRef<'data>>(
        what: &'static str,
        data: R,
        with_symbols: bool,
    ) -> Result<Self, Error> {
        let needed = "an ELF header is needed";
        match FileKind::parse(data).map_err(|error| broken(what, needed, &error))? {
            FileKind::Elf32 => Self::of::<FileHeader32<Endianness>, R>(what, data, with_symbols),
            FileKind::Elf64 => Self::of::<FileHeader64<Endianness>, R>(what, data, with_symbols),
            other => Err(Error::NotElf {
                what,
                needed,
                found: format!("the file is of the kind {other:?}"),
            }),
        }
    }

    fn of<'data, Elf, R>(what: &'static str, data: R, with_symbols: bool) -> Result<Self, Error>
    where
        Elf: FileHeader<Endian = Endianness>,
        R: ReadRef<'data>,
    {
        let need = |needed| move |error: object::Error| broken(what, needed, &error);
        let header = Elf::parse(data).map_err(need("an ELF header is needed"))?;
        let endian = header.endian().map_err(need("a byte order is needed"))?;
        let table = header
            .program_headers(endian, data)
            .map_err(need("program headers are announced"))?;
        let segments: Vec<Segment> = table
            .iter()
            .map(|segment| Segment {
                kind: segment.p_type(endian),
                address: segment.p_vaddr(endian).into(),
                load: segment.p_paddr(endian).into(),
                offset: segment.p_offset(endian).into(),
                file_size: segment.p_filesz(endian).into(),
                flags: segment.p_flags(endian),
            })
            .collect();
        let parsed = header
            .sections(endian, data)
            .map_err(need("section headers are announced"))?;
        let mut sections = Vec::with_capacity(parsed.len());
        for section in parsed.iter() {
            let name = parsed
                .section_name(endian, section)
                .map_err(need("every section needs a name"))?;
            let mut section = Section {
                name: String::from_utf8_lossy(name).into_owned(),
                kind: section.sh_type(endian),
                flags: section.sh_flags(endian).into(),
                address: section.sh_addr(endian).into(),
                load: 0,
                size: section.sh_size(endian).into(),
                offset: section.sh_offset(endian).into(),
            };
            section.load = load(&section, &segments);
            sections.push(section);
        }
        let mut symbols = Vec::new();
        if with_symbols {
            // A shared library keeps the symbols of its interface when it is stripped.
            for kind in [elf::SHT_SYMTAB, elf::SHT_DYNSYM] {
                let table = parsed
                    .symbols(endian, data, kind)
                    .map_err(need("a symbol table is announced"))?;
                if table.is_empty() {
                    continue;
                }
                for symbol in table.iter() {
                    let name = symbol
                        .name(endian, table.strings())
                        .map_err(need("every symbol needs a name"))?;
                    symbols.push(Symbol {
                        name: String::from_utf8_lossy(name).into_owned(),
                        kind: symbol.st_type(),
                        binding: symbol.st_bind(),
                        address: symbol.st_value(endian).into(),
                        size: symbol.st_size(endian).into(),
                        elsewhere: matches!(
                            symbol.st_shndx(endian),
                            elf::SHN_UNDEF | elf::SHN_ABS | elf::SHN_COMMON
                        ),
                    });
                }
                break;
            }
        }
        let mut headers = vec![(0..size_of::<Elf>() as u64, "ELF header")];
        let mut table = |offset: u64, size: usize, count: usize, name| {
            let length = (size as u64).saturating_mul(count as u64);
            if length > 0 {
                headers.push((offset..offset.saturating_add(length), name));
            }
        };
        table(
            header.e_phoff(endian).into(),
            header.e_phentsize(endian).into(),
            segments.len(),
            "program headers",
        );
        table(
            header.e_shoff(endian).into(),
            header.e_shentsize(endian).into(),
            sections.len(),
            "section headers",
        );
        let mut program = Program {
            machine: header.e_machine(endian),
            little: header.is_little_endian(),
            wide: header.is_class_64(),
            entry: header.e_entry(endian).into(),
            fixed: header.e_type(endian) == elf::ET_EXEC,
            sections,
            segments,
            symbols,
            headers,
        };
        program.sections_of_segments();
        program.finish_symbols();
        Ok(program)
    }

    /// Where the section headers were cut off, the loaded segments stand for sections.
    fn sections_of_segments(&mut self) {
        if self
            .sections
            .iter()
            .any(|section| section.kind != elf::SHT_NULL)
        {
            return;
        }
        let loaded = self
            .segments
            .iter()
            .filter(|segment| segment.kind == elf::PT_LOAD);
        self.sections = loaded
            .enumerate()
            .map(|(number, segment)| Section {
                name: format!("segment {number}"),
                kind: elf::SHT_PROGBITS,
                flags: u64::from(elf::SHF_ALLOC)
                    | match segment.flags & elf::PF_X {
                        0 => 0,
                        _ => u64::from(elf::SHF_EXECINSTR),
                    },
                address: segment.address,
                load: segment.load,
                size: segment.file_size,
                offset: segment.offset,
            })
            .collect();
    }

    /// Makes addresses of what the table has instead: the Thumb and MIPS16 bit of a function, the
    /// offset of a thread-local variable.
    fn finish_symbols(&mut self) {
        let instruction_sets = [elf::EM_ARM, elf::EM_MIPS].contains(&self.machine);
        let mut segments = self.segments.iter();
        let tls = segments.find(|segment| segment.kind == elf::PT_TLS);
        let tls = tls.map_or(0, |segment| segment.address);
        for symbol in &mut self.symbols {
            if symbol.kind == elf::STT_FUNC && instruction_sets {
                symbol.address &= !1;
            }
            if symbol.kind == elf::STT_TLS {
                symbol.address = symbol.address.wrapping_add(tls);
            }
        }
    }
}

/// The address of a section in a raw image: where its segment is loaded.
fn load(section: &Section, segments: &[Segment]) -> u64 {
    let mut segments = segments
        .iter()
        .filter(|segment| segment.kind == elf::PT_LOAD);
    let inside = segments.find(|segment| {
        section.offset >= segment.offset
            && section.offset - segment.offset < segment.file_size
            && section.address >= segment.address
            && section.address - segment.address == section.offset - segment.offset
    });
    match inside {
        Some(segment) => (segment.load).wrapping_add(section.offset - segment.offset),
        None => section.address,
    }
}

fn broken(what: &'static str, needed: &'static str, error: &object::Error) -> Error {
    Error::NotElf {
        what,
        needed,
        found: error.to_string(),
    }
}
