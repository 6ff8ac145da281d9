//! Where a program's bytes are: by crate and by function, from its symbol table.
//!
//! A stripped program has none, so its twin is taken apart, which differs in nothing but that
//! it was not stripped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind, elf};
use serde::{Deserialize, Serialize};

/// What is no crate's: C code, and what the compiler adds.
pub const C: &str = "C library and run-time";

/// What the symbols do not cover: string literals, tables, padding.
pub const NAMELESS: &str = "data without a name";

/// A program's parts, the largest first, in bytes of what is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// All that is loaded.
    pub total: u64,
    /// By crate; [`C`] and [`NAMELESS`] are among them.
    pub crates: Vec<(String, u64)>,
    /// By function.
    pub functions: Vec<(String, u64)>,
}

impl Parts {
    /// Takes a program apart that has its symbols.
    ///
    /// # Errors
    /// When the file is no program.
    pub fn of(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let object =
            object::File::parse(&*bytes).with_context(|| format!("in {}", file.display()))?;
        let total = object
            .sections()
            .filter(is_loaded)
            .map(|section| section.size())
            .sum();
        let mut by_address = BTreeMap::new();
        for symbol in object.symbols() {
            let code_or_data = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            let section = symbol
                .section_index()
                .and_then(|at| object.section_by_index(at).ok());
            if code_or_data && symbol.size() > 0 && section.is_some_and(|s| is_loaded(&s)) {
                // Several names of one function count once.
                by_address.insert(symbol.address(), (symbol.name()?, symbol.size()));
            }
        }
        let (mut crates, mut functions) = (BTreeMap::new(), BTreeMap::new());
        for (name, size) in by_address.values() {
            let shown = format!("{:#}", rustc_demangle::demangle(name));
            *crates.entry(owner(&shown).to_owned()).or_insert(0) += size;
            *functions.entry(shown).or_insert(0) += size;
        }
        let named = crates.values().sum::<u64>();
        crates.insert(NAMELESS.to_owned(), u64::saturating_sub(total, named));
        Ok(Self {
            total,
            crates: largest(crates),
            functions: largest(functions),
        })
    }
}

/// The section is in memory and its content in the file.
fn is_loaded<'data>(section: &impl ObjectSection<'data>) -> bool {
    let alloc = match section.flags() {
        SectionFlags::Elf { sh_flags } => sh_flags & u64::from(elf::SHF_ALLOC) != 0,
        _ => false,
    };
    let empty = [
        SectionKind::UninitializedData,
        SectionKind::UninitializedTls,
    ];
    alloc && !empty.contains(&section.kind())
}

fn largest(sizes: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut sizes = sizes.into_iter().collect::<Vec<_>>();
    sizes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sizes
}

/// The crate that a function belongs to: that of its type, or of its path.
fn owner(name: &str) -> &str {
    if let Some(inner) = name.strip_prefix("core::ptr::drop_in_place::<") {
        // Glue that the compiler makes; it is the dropped type that costs it.
        return owner(inner);
    }
    let start = name.trim_start_matches(['<', '&', '*', '(', '[', ' ']);
    for word in ["mut ", "dyn ", "const ", "impl "] {
        if let Some(rest) = start.strip_prefix(word) {
            return owner(rest);
        }
    }
    let end = start
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(start.len());
    let (first, rest) = start.split_at(end);
    match rest.starts_with("::") || rest.starts_with("[") {
        true => first,
        // A primitive type's methods are core's; a plain name is not Rust's.
        false if name.contains("::") => "core",
        false => C,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_crate_of_its_type() {
        for (name, krate) in [
            ("<http::header::name::HeaderName>::from_bytes", "http"),
            ("regex_lite::hir::parse::posix_class", "regex_lite"),
            (
                "<&mut dyn tokio::io::Read as core::fmt::Debug>::fmt",
                "tokio",
            ),
            (
                "core::ptr::drop_in_place::<actix_web::app::App<x>>",
                "actix_web",
            ),
            ("<str as core::fmt::Debug>::fmt", "core"),
            ("memcpy", C),
        ] {
            assert_eq!(owner(name), krate, "{name}");
        }
    }

    #[test]
    fn this_very_program_is_taken_apart_whole() {
        let program = std::env::current_exe().unwrap();
        let found = Parts::of(&program).unwrap();
        let of = |crate_name: &str| found.crates.iter().find(|(name, _)| name == crate_name);
        assert!(of("owncrate").is_some());
        let nameless = of(NAMELESS).map_or(0, |(_, size)| *size);
        // Unwind tables, of which this test has many, are nobody's.
        assert!(nameless * 2 < found.total, "{nameless} of {}", found.total);
        let sum = found.crates.iter().map(|(_, size)| size).sum::<u64>();
        assert_eq!(sum, found.total);
        assert!(found.functions.windows(2).all(|two| two[0].1 >= two[1].1));
    }
}
