//! Source files, as the symbol table names them in front of their local symbols.

use std::collections::BTreeMap;

use object::elf;

use crate::elf::Program;

/// Which source file has which address.
pub struct Files {
    /// Addresses of local symbols, with the file they belong to.
    places: BTreeMap<u64, usize>,
    names: Vec<String>,
}

impl Files {
    pub fn of(program: &Program) -> Self {
        let mut files = Files {
            places: BTreeMap::new(),
            names: Vec::new(),
        };
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut current = None;
        for symbol in &program.symbols {
            if symbol.binding != elf::STB_LOCAL {
                continue;
            }
            if symbol.kind == elf::STT_FILE {
                // The linker's own symbols follow a file without a name.
                current = (!symbol.name.is_empty()).then(|| {
                    let count = seen.entry(&symbol.name).or_default();
                    *count += 1;
                    files.names.push(match count {
                        1 => symbol.name.clone(),
                        count => format!("{} ({count})", symbol.name),
                    });
                    files.names.len() - 1
                });
            } else if let Some(file) = current
                && !symbol.elsewhere
                && symbol.kind != elf::STT_SECTION
            {
                files.places.insert(symbol.address, file);
            }
        }
        files
    }

    /// The file that an address of a section belongs to: the one that has a local symbol there, or
    /// those on both sides of it within the section.
    pub fn at(&self, address: u64, section: std::ops::Range<u64>) -> Option<&str> {
        if section.is_empty() || !section.contains(&address) {
            return None;
        }
        let before = self.places.range(section.start..=address).next_back();
        let after = self.places.range(address..section.end).next();
        let file = match (before, after) {
            (Some((&at, &file)), _) if at == address => file,
            (Some((_, before)), Some((_, after))) if before == after => *before,
            _ => return None,
        };
        self.names.get(file).map(String::as_str)
    }
}
