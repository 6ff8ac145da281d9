//! Where the sections of a program are in a raw image.

use crate::elf::Program;
use crate::error::Error;

/// Sections are in a raw image if this part of their bytes is equal, in percent: some tables are
/// sorted or relocated after linking.
const EQUAL: u64 = 50;

/// How a raw image compares with the program it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The address of the first byte of the image.
    pub base: u64,
    /// The sections that are in the image, by their place in it.
    pub sections: Vec<Place>,
}

/// A section in a raw image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number in the program.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Where it begins in the image.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// How many of its bytes were changed after linking.
    pub changed: u64,
}

/// Finds the sections of `elf` in `raw`, and counts the bytes that were changed after linking.
///
/// # Errors
/// Where `elf` is damaged, or `raw` was not made from it.
pub fn compare_raw(raw: &[u8], elf: &[u8]) -> Result<Comparison, Error> {
    compare(raw, elf, &Program::read("the file with symbols", elf)?)
}

pub fn compare(raw: &[u8], elf: &[u8], program: &Program) -> Result<Comparison, Error> {
    let mut loaded: Vec<(usize, u64, &[u8])> = program
        .sections
        .iter()
        .enumerate()
        .filter(|(_, section)| section.allocated() && section.in_file())
        .map(|(number, section)| (number, section.load, section.bytes(elf)))
        .collect();
    loaded.sort_by_key(|&(number, load, _)| (load, number));
    let size = loaded.iter().map(|(_, _, bytes)| bytes.len() as u64).sum();
    // The first section of the image is one of the first of the program: objcopy may have left
    // some out.
    let mut best: Option<(u64, Comparison)> = None;
    let mut bases: Vec<u64> = loaded.iter().map(|&(_, load, _)| load).collect();
    bases.dedup();
    for base in bases {
        let mut equal = 0;
        let mut sections = Vec::new();
        for &(number, load, bytes) in &loaded {
            let Some(offset) = load.checked_sub(base) else {
                continue;
            };
            let Some(image) = usize::try_from(offset)
                .ok()
                .and_then(|offset| raw.get(offset..))
            else {
                continue;
            };
            if bytes.is_empty() || image.len() < bytes.len() {
                continue;
            }
            let same = bytes.iter().zip(image).filter(|(a, b)| a == b).count() as u64;
            // Where objcopy left a section out there is nothing but fill: a table of zeros is half
            // equal to it.
            let filled = image[..bytes.len()].iter().all(|byte| *byte == image[0]);
            if same * 100 < bytes.len() as u64 * EQUAL || filled && same < bytes.len() as u64 {
                continue;
            }
            equal += same;
            sections.push(Place {
                number,
                name: program.sections[number].name.clone(),
                offset,
                size: bytes.len() as u64,
                changed: bytes.len() as u64 - same,
            });
        }
        if best.as_ref().is_none_or(|(most, _)| equal > *most) {
            best = Some((equal, Comparison { base, sections }));
        }
        // Everything but small tables is found: no other place can be better.
        if equal * 100 > size * 95 {
            break;
        }
    }
    match best {
        Some((equal, comparison)) if equal * 100 >= (raw.len() as u64).min(size) * EQUAL => {
            Ok(comparison)
        }
        best => Err(Error::OtherRaw {
            equal: best.map_or(0, |(equal, _)| equal),
            size,
        }),
    }
}
