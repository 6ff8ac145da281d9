//! The map of GNU ld: which object file every address comes from.

use std::collections::BTreeMap;

use crate::elf::{Program, place};
use crate::error::Error;
use crate::piece::Owner;
use crate::tree::Tree;

/// The memory map of a program.
pub struct Map {
    /// By the name of the output section.
    sections: BTreeMap<String, Vec<Input>>,
    /// Address and size of the output sections.
    places: BTreeMap<String, (u64, u64)>,
}

/// What the linker put at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub start: u64,
    pub size: u64,
    /// The name of the input section, `.text.main`; `*fill*` for padding.
    pub name: String,
    pub owner: Owner,
}

impl Input {
    pub fn is_fill(&self) -> bool {
        self.name == "*fill*"
    }

    /// The function or variable that the compiler named the section after, or the section.
    pub fn symbol(&self) -> &str {
        if self.name.contains(".str1.") {
            return "strings";
        }
        let kinds = [
            ".text.",
            ".rodata.",
            ".data.rel.ro.",
            ".data.",
            ".bss.",
            ".init.text.",
        ];
        let rest = kinds.iter().find_map(|kind| self.name.strip_prefix(kind));
        rest.unwrap_or(&self.name)
    }
}

impl Map {
    /// Reads what the linker wrote.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut map = Map {
            sections: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        let begin = "Linker script and memory map";
        let lines = text.lines().skip_while(|line| !line.starts_with(begin));
        let tree = Tree::of(text);
        let mut output = String::new();
        // A name that is too long for its column stands in a line of its own.
        let mut waiting = None;
        for line in lines.skip(1) {
            if line.starts_with("/DISCARD/") || line.starts_with("OUTPUT(") {
                output.clear();
                waiting = None;
            } else if line.starts_with(|c: char| !c.is_whitespace()) {
                let (name, rest) = split(line);
                output = name.to_owned();
                waiting = Some(Waiting::Output);
                if let Some((address, size, _)) = numbers(rest) {
                    map.places.insert(output.clone(), (address, size));
                    waiting = None;
                }
            } else if let Some(entry) = line.strip_prefix(' ').filter(|rest| !rest.starts_with(' '))
            {
                let (name, rest) = split(entry);
                waiting = match numbers(rest) {
                    Some((address, size, path)) => {
                        map.add(&output, name, address, size, path, &tree);
                        None
                    }
                    None if rest.trim().is_empty() => Some(Waiting::Input(name.to_owned())),
                    None => None,
                };
            } else if line.trim_end().ends_with("(size before relaxing)") {
                map.merged(&output, line);
            } else {
                let found = numbers(line);
                match (waiting.take(), found) {
                    (Some(Waiting::Output), Some((address, size, _))) => {
                        map.places.insert(output.clone(), (address, size));
                    }
                    (Some(Waiting::Input(name)), Some((address, size, path))) => {
                        map.add(&output, &name, address, size, path, &tree);
                    }
                    _ => {}
                }
            }
        }
        for inputs in map.sections.values_mut() {
            inputs.sort_by_key(|input| (input.start, input.size));
        }
        if map.places.is_empty() {
            return Err(Error::NotMap);
        }
        Ok(map)
    }

    fn add(&mut self, output: &str, name: &str, start: u64, size: u64, path: &str, tree: &Tree) {
        if size == 0 || output.is_empty() || name.starts_with("*(") {
            return;
        }
        let owner = match path {
            _ if name == "*fill*" => Owner::Data,
            "" | "linker stubs" => Owner::Data,
            path => tree.owner(path),
        };
        let inputs = self.sections.entry(output.to_owned()).or_default();
        inputs.push(Input {
            start,
            size,
            name: name.to_owned(),
            owner,
        });
    }

    /// Some linkers count all strings that they merged for the first object file: the section is
    /// then larger than it was before.
    fn merged(&mut self, output: &str, line: &str) {
        let before = hex(split(line.trim_start()).0);
        let last = self
            .sections
            .get_mut(output)
            .and_then(|inputs| inputs.last_mut());
        if let (Some(before), Some(last)) = (before, last)
            && last.size > before
        {
            last.owner = Owner::Data;
        }
    }

    /// What lies in an output section, by address.
    pub fn inputs(&self, section: &str) -> &[Input] {
        self.sections.get(section).map_or(&[], Vec::as_slice)
    }

    /// Compares the largest code section with the program's.
    pub fn must_fit(&self, program: &Program) -> Result<(), Error> {
        let code = program.memory().filter(|section| section.executable());
        let Some(section) = code.max_by_key(|section| section.size) else {
            return Ok(());
        };
        let found = self.places.get(&section.name).copied();
        // A program without section headers has segments, which the map does not know.
        if section.name.starts_with("segment ") || found == Some((section.address, section.size)) {
            return Ok(());
        }
        Err(Error::OtherMap {
            section: section.name.clone(),
            program: section.place(),
            map: found.map_or("it is missing".to_owned(), |(address, size)| {
                format!("at {}", place(address, size))
            }),
        })
    }
}

enum Waiting {
    Output,
    Input(String),
}

/// The first word of a line, and what follows.
pub fn split(line: &str) -> (&str, &str) {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    line.split_at(end)
}

/// `0xADDRESS 0xSIZE PATH`.
pub fn numbers(text: &str) -> Option<(u64, u64, &str)> {
    let (address, rest) = split(text.trim_start());
    let (size, path) = split(rest.trim_start());
    Some((hex(address)?, hex(size)?, path.trim()))
}

fn hex(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}
