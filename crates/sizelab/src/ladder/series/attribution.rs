//! Where a program's bytes are: by crate and by function, from its symbol table.
//!
//! A stripped program has none, so its twin is taken apart, which differs in nothing but that
//! it was not stripped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind, elf};
use serde::{Deserialize, Serialize};

use super::steps;
use crate::ladder::context::StudyContext;
use crate::ladder::recipe::Recipe;
use crate::ladder::record::{Measured, Named, ladder_id};
use crate::ladder::target::Target;

const FUNCTIONS: usize = 25;

const C: &str = "C library and run-time";

/// What the symbols do not cover: string literals, tables, padding.
const NAMELESS: &str = "data without a name";

/// The program whose parts the others' are compared with.
pub const REFERENCE: &str = "everything";

/// What is compared: the plain release build, the same program with every step, and that of
/// crates/sizelab/programs which goes on.
const SUBJECTS: &[(&str, Option<&str>)] = &[
    ("release", None),
    (REFERENCE, None),
    ("own-accept-loop", Some("actix-loop")),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// `part/subject`.
    pub id: String,
    /// All that is loaded.
    pub total: u64,
    pub crates: Vec<(String, u64)>,
    pub functions: Vec<(String, u64)>,
}

impl Named for Attribution {
    fn id(&self) -> &str {
        &self.id
    }
}

pub fn rows(target: &str) -> Vec<String> {
    let names = SUBJECTS.iter().map(|(name, _)| name);
    names.map(|name| format!("{target}/{name}")).collect()
}

/// Takes the program of a row apart.
pub fn measure(
    context: &StudyContext,
    target: &Target,
    id: &str,
) -> Result<Option<Measured<Attribution>>> {
    let recipe = recipe(context, target, id)?;
    let built = context.builder(0).build(&recipe, &context.log)?;
    Ok(Some(Measured {
        row: take_apart(id, &built.file)?,
        cached: built.cached,
    }))
}

/// How a row's program is built, symbols and all.
pub fn recipe(context: &StudyContext, target: &Target, id: &str) -> Result<Recipe> {
    let subject = SUBJECTS
        .iter()
        .find(|(name, _)| id.ends_with(&format!("/{name}")));
    let (name, program) = subject.context("no such subject")?;
    let mut recipe = match *name {
        "release" => steps::recipe(context, target, &ladder_id("release", &[]))?,
        _ => steps::best_recipe(context, target)?,
    };
    recipe.strip = false;
    if let Some(program) = program {
        recipe.program = context.program(program);
    }
    Ok(recipe)
}

fn take_apart(id: &str, file: &Path) -> Result<Attribution> {
    let bytes = fs::read(file)?;
    let object = object::File::parse(&*bytes).with_context(|| file.display().to_string())?;
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
        let shown = demangled(name);
        let owner = match owner(&shown) {
            owner if owner.starts_with("hello") => "the program itself",
            owner => owner,
        };
        *crates.entry(owner.to_owned()).or_insert(0) += size;
        *functions.entry(shown).or_insert(0) += size;
    }
    let named = crates.values().sum::<u64>();
    crates.insert(NAMELESS.to_owned(), u64::saturating_sub(total, named));
    let mut functions = largest(functions);
    functions.truncate(FUNCTIONS);
    Ok(Attribution {
        id: id.to_owned(),
        total,
        crates: largest(crates),
        functions,
    })
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

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
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
        let found = take_apart("x/y", &program).unwrap();
        let of = |crate_name: &str| found.crates.iter().find(|(name, _)| name == crate_name);
        assert!(of("sizelab").is_some());
        let nameless = of(NAMELESS).map_or(0, |(_, size)| *size);
        // Unwind tables, of which this test has many, are nobody's.
        assert!(nameless * 3 < found.total, "{nameless} of {}", found.total);
        assert!(found.functions.windows(2).all(|two| two[0].1 >= two[1].1));
    }
}
