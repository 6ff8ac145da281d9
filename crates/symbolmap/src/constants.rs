//! Constants without a name: they belong to the code that refers to them.
//!
//! rustc names no string and no table of a program that is optimised as a whole. A constant begins
//! where something refers to, and goes on to where the next begins. It belongs to the owner of
//! what refers to it, if that is one alone; what several crates share stays [`Owner::Data`].

use std::collections::{BTreeMap, BTreeSet};

use object::elf;

use crate::decode;
use crate::elf::{Program, Section};
use crate::piece::{Owner, Span};

/// A table may refer to a constant, and another table to that one.
const LEVELS: usize = 4;

/// Gives the spans without a name owners as far as something refers to them. `spans` has those of
/// all sections, one list for each.
pub fn name(program: &Program, file: &[u8], spans: &mut [Vec<Span>]) {
    let unnamed: Vec<(u64, u64)> = spans
        .iter()
        .flatten()
        .filter(|span| is_unnamed(program, span))
        .map(|span| (span.start, span.end))
        .collect();
    let references = References::of(program, file, unnamed);
    for list in &mut *spans {
        let parts = list
            .drain(..)
            .flat_map(|span| references.divide(program, span))
            .collect();
        *list = parts;
    }
    for _ in 0..LEVELS {
        let named = Named::of(program, spans);
        let mut changed = false;
        for span in spans.iter_mut().flatten() {
            if !is_unnamed(program, span) {
                continue;
            }
            let sources = references.to(span);
            if let Some((owner, symbol)) = named.only(sources) {
                (span.owner, span.symbol) = (owner, symbol);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
}

fn is_unnamed(program: &Program, span: &Span) -> bool {
    span.owner == Owner::Data
        && (span.symbol.is_empty() || span.symbol.starts_with(".L"))
        && is_data(&program.sections[span.section])
}

/// Constants and variables: no tables of the linker.
fn is_data(section: &Section) -> bool {
    let names = [".rodata", ".data", ".tdata", ".sdata", ".srodata"];
    names.iter().any(|name| section.name.starts_with(name))
}

/// What refers to the unnamed constants.
struct References {
    /// By target: where it is referred to.
    sources: BTreeMap<u64, BTreeSet<u64>>,
}

impl References {
    fn of(program: &Program, file: &[u8], mut unnamed: Vec<(u64, u64)>) -> Self {
        unnamed.sort_unstable();
        let wanted = |target: u64| {
            let after = unnamed.partition_point(|span| span.0 <= target);
            after
                .checked_sub(1)
                .is_some_and(|found| target < unnamed[found].1)
        };
        let word = if program.wide { 8 } else { 4 };
        // In a program that is moved a word is an address only if the loader adds to it.
        let added = program.memory().any(|section| section.kind == elf::SHT_REL);
        let has_words = program.fixed || added;
        let mut sources: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for section in program.memory() {
            if section.kind == elf::SHT_RELA {
                // What the loader writes is in the table, and not where it writes it.
                for entry in section.bytes(file).chunks_exact(3 * word) {
                    let number = |at: usize| program.number(&entry[at * word..(at + 1) * word]);
                    if let (Some(source), Some(target)) = (number(0), number(2))
                        && wanted(target)
                    {
                        sources.entry(target).or_default().insert(source);
                    }
                }
                continue;
            }
            if !section.executable() && !is_data(section) {
                continue;
            }
            let bytes = section.bytes(file);
            let words = if has_words { bytes } else { &[] };
            let words = words.chunks_exact(word).zip((0..).step_by(word));
            let words = words.filter_map(|(bytes, offset)| {
                Some((section.address.checked_add(offset)?, program.number(bytes)?))
            });
            let code = match section.executable() {
                true => decode::addresses(program, section, bytes),
                false => Vec::new(),
            };
            for (source, target) in words.chain(code).filter(|(_, target)| wanted(*target)) {
                sources.entry(target).or_default().insert(source);
            }
        }
        References { sources }
    }

    /// The parts of a span, from one target to the next.
    fn divide(&self, program: &Program, span: Span) -> Vec<Span> {
        if !is_unnamed(program, &span) {
            return vec![span];
        }
        let inside = span.start.saturating_add(1)..span.end;
        let inside = (!inside.is_empty()).then(|| self.sources.range(inside));
        let mut edges = vec![span.start];
        edges.extend(inside.into_iter().flatten().map(|(target, _)| *target));
        edges.push(span.end);
        let parts = edges.windows(2).map(|edge| Span {
            start: edge[0],
            end: edge[1],
            ..span.clone()
        });
        parts.collect()
    }

    fn to(&self, span: &Span) -> impl Iterator<Item = u64> {
        self.sources.get(&span.start).into_iter().flatten().copied()
    }
}

/// All spans with an owner, by address.
struct Named {
    spans: Vec<Known>,
}

/// A run of addresses: start, end, and whose they are.
type Known = (u64, u64, Option<(Owner, String)>);

impl Named {
    fn of(program: &Program, spans: &[Vec<Span>]) -> Self {
        let mut spans: Vec<Known> = spans
            .iter()
            .flatten()
            .filter(|span| !program.sections[span.section].thread_local())
            .map(|span| {
                let named = [Owner::Data, Owner::Unknown].contains(&span.owner);
                let named = (!named).then(|| (span.owner.clone(), span.symbol.clone()));
                (span.start, span.end, named)
            })
            .collect();
        spans.sort_by_key(|span| span.0);
        Named { spans }
    }

    /// The owner of all sources, if it is one alone, and what the constant is called after it. A
    /// source without an owner may get one in the next round, but does not stand against it.
    fn only(&self, sources: impl Iterator<Item = u64>) -> Option<(Owner, String)> {
        let mut found: Option<(&Owner, BTreeSet<&str>)> = None;
        for source in sources {
            let after = self.spans.partition_point(|span| span.0 <= source);
            let Some((_, _, Some((owner, symbol)))) = after
                .checked_sub(1)
                .map(|at| &self.spans[at])
                .filter(|span| source < span.1)
            else {
                continue;
            };
            match &mut found {
                None => found = Some((owner, BTreeSet::from([symbol.as_str()]))),
                Some((known, symbols)) if *known == owner => {
                    symbols.insert(symbol);
                }
                Some(_) => return Some((Owner::Data, "constants that crates share".to_owned())),
            }
        }
        let (owner, symbols) = found?;
        let mut symbols = symbols.into_iter();
        let symbol = match (symbols.next(), symbols.next()) {
            (Some(one), None) if one.starts_with("constants of ") => one.to_owned(),
            (Some(one), None) => format!("constants of {one}"),
            _ => "constants".to_owned(),
        };
        Some((owner.clone(), symbol))
    }
}
