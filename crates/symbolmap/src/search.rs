//! The files with symbols in the folders of a build.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use object::elf;
use object::read::ReadCache;

use crate::elf::Program;
use crate::error::Error;
use crate::map::Map;
use crate::raw;
use crate::walk::files;

/// Larger files are not read: no program of a flash chip comes from one.
const LARGEST: u64 = 512 << 20;
/// So many sections must be alike where the file with symbols has neither a build id nor code.
const ALIKE: usize = 4;

/// A program with symbols, and the map that the linker wrote with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The ELF file with symbols.
    pub symbols: PathBuf,
    /// The map, if there is one.
    pub map: Option<PathBuf>,
}

/// The ELF files with symbols that were found in some folders.
pub struct SymbolFiles {
    found: Vec<Candidate>,
}

/// A program with symbols: what is known of it without reading it whole.
struct Candidate {
    path: PathBuf,
    program: Program,
    build_id: Option<Vec<u8>>,
}

/// How far a candidate is proven to be the twin. Larger is better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Proof {
    has_map: bool,
    by_bytes: bool,
    by_name: bool,
}

impl SymbolFiles {
    /// Looks for programs with symbols: image folders, Buildroot's output/build, Yocto's work
    /// folders with `.debug`. It reads ELF headers only, follows no links, and ends after 12 levels
    /// or 300,000 files.
    ///
    /// # Errors
    /// Where one of the folders cannot be read.
    pub fn search<P: AsRef<Path>>(folders: &[P]) -> Result<Self, Error> {
        let mut found = Vec::new();
        for folder in folders {
            let all = files(folder.as_ref()).map_err(|source| Error::Search {
                path: folder.as_ref().display().to_string(),
                source,
            })?;
            found.extend(all.into_iter().filter_map(Candidate::read));
        }
        Ok(SymbolFiles { found })
    }

    /// The twin of a stripped program: the file with the same build id, or with the same bytes in
    /// its code. A twin without code (`objcopy --only-keep-debug`) and without a build id must have
    /// all sections at the same places, at least four. `name` decides between equal files alone.
    pub fn twin_of(&self, name: &str, elf: &[u8]) -> Option<Twin> {
        let program = Program::outline(elf).ok()?;
        let id = program.build_id(elf);
        self.best(name, |candidate| candidate.is_twin(&program, elf, id))
    }

    /// The program that a raw image was made from: the file whose code is in it.
    pub fn source_of_raw(&self, name: &str, raw: &[u8]) -> Option<Twin> {
        if raw.starts_with(b"\x7fELF") {
            return self.twin_of(name, raw);
        }
        self.best(name, |candidate| candidate.is_source(raw).then_some(true))
    }

    fn best(&self, name: &str, matches: impl Fn(&Candidate) -> Option<bool>) -> Option<Twin> {
        let mut best: Option<(Proof, Twin)> = None;
        for candidate in &self.found {
            let Some(by_bytes) = matches(candidate) else {
                continue;
            };
            let map = candidate.map();
            let file = candidate.path.file_name().unwrap_or_default();
            let proof = Proof {
                has_map: map.is_some(),
                by_bytes,
                by_name: file.to_string_lossy().starts_with(name),
            };
            if best.as_ref().is_none_or(|(known, _)| proof > *known) {
                let symbols = candidate.path.clone();
                best = Some((proof, Twin { symbols, map }));
            }
        }
        best.map(|(_, twin)| twin)
    }
}

impl Candidate {
    fn read(path: PathBuf) -> Option<Self> {
        let cache = ReadCache::new(File::open(&path).ok()?);
        let program = Program::outline(&cache).ok()?;
        let has_symbols = |program: &Program| {
            let mut sections = program.sections.iter();
            sections.any(|section| section.kind == elf::SHT_SYMTAB)
        };
        has_symbols(&program).then(|| Candidate {
            build_id: program.build_id(&cache).map(<[u8]>::to_vec),
            path,
            program,
        })
    }

    /// Whether it is the same program with symbols, and whether its bytes prove it.
    fn is_twin(&self, program: &Program, elf: &[u8], id: Option<&[u8]>) -> Option<bool> {
        let other = &self.program;
        if (other.machine, other.entry, other.little)
            != (program.machine, program.entry, program.little)
        {
            return None;
        }
        // objcopy may leave sections out of one of the two: what both have must be the same.
        program.must_equal(other).ok()?;
        let sections = program.memory();
        let alike = sections
            .filter(|section| {
                other
                    .sections
                    .iter()
                    .any(|known| known.name == section.name)
            })
            .count();
        if let (Some(one), Some(other)) = (id, &self.build_id) {
            return (alike > 0 && one == other.as_slice()).then_some(true);
        }
        let code = |section: &&crate::elf::Section| section.executable();
        if other.memory().filter(code).any(|section| section.in_file()) {
            let bytes = self.bytes()?;
            let mut code = program.memory().filter(code);
            let equal = code.all(|section| {
                let known = other
                    .sections
                    .iter()
                    .find(|known| known.name == section.name);
                known.is_some_and(|known| known.bytes(&bytes) == section.bytes(elf))
            });
            return (alike > 0 && equal).then_some(true);
        }
        (alike >= ALIKE && alike == program.memory().count()).then_some(false)
    }

    /// Whether a raw image was made from it.
    fn is_source(&self, raw: &[u8]) -> bool {
        let code = self.program.memory().filter(|section| section.executable());
        let Some(code) = code
            .filter(|section| section.in_file())
            .max_by_key(|code| code.size)
        else {
            return false;
        };
        if code.size > raw.len() as u64 {
            return false;
        }
        let Some(bytes) = self.bytes() else {
            return false;
        };
        // A piece from the middle must be where one of the first sections' addresses has it.
        let all = code.bytes(&bytes);
        let middle = all.len() / 2;
        let sample = &all[middle..all.len().min(middle + 64)];
        let mut bases = self.program.memory().filter(|section| section.in_file());
        let near = bases.any(|base| {
            let offset = code
                .load
                .checked_sub(base.load)
                .map(|offset| offset + middle as u64);
            let image = offset.and_then(|offset| raw.get(usize::try_from(offset).ok()?..));
            image.is_some_and(|image| image.starts_with(sample))
        });
        near && raw::compare(raw, &bytes, &self.program).is_ok()
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let size = fs::metadata(&self.path).ok()?.len();
        (size <= LARGEST)
            .then(|| fs::read(&self.path).ok())
            .flatten()
    }

    /// The map beside it, if it is of this build.
    fn map(&self) -> Option<PathBuf> {
        let beside = |extension: &str| self.path.with_added(extension);
        let mut places = vec![beside("map"), self.path.with_extension("map")];
        if let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name())
            && folder.ends_with(".debug")
        {
            places.push(folder.with_file_name(name).with_added("map"));
        }
        places.into_iter().find(|path| {
            fs::read(path).is_ok_and(|text| {
                Map::parse(&String::from_utf8_lossy(&text))
                    .and_then(|map| map.must_fit(&self.program))
                    .is_ok()
            })
        })
    }
}

trait WithAdded {
    fn with_added(&self, extension: &str) -> PathBuf;
}

impl WithAdded for Path {
    /// The path with another extension behind those that it has.
    fn with_added(&self, extension: &str) -> PathBuf {
        let mut path = self.as_os_str().to_owned();
        path.push(".");
        path.push(extension);
        path.into()
    }
}
