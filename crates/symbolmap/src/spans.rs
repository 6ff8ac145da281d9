//! Addresses with their owners: symbols and map laid over each other.

use std::collections::BTreeSet;

use object::elf;

use crate::constants;
use crate::cover::Cover;
use crate::elf::{Program, Section, Symbol};
use crate::files::Files;
use crate::map::{Input, Map};
use crate::names::{RustName, rust_name};
use crate::piece::{Owner, Span};
use crate::tables::Table;

/// Gaps shorter than this belong to what is before them.
const PADDING: u64 = 16;
/// So many equal bytes are fill, if no symbol and no map says what they are.
const FILL: u64 = 64;

/// All spans of the sections in memory: sorted by section and address, side by side, each section
/// covered from its start to its end.
pub fn spans(program: &Program, file: &[u8], named: &Program, map: Option<&Map>) -> Vec<Span> {
    let namer = Namer::new(named);
    let mut all: Vec<Vec<Span>> = Vec::new();
    for (number, section) in program.sections.iter().enumerate() {
        all.push(if section.allocated() && section.in_file() {
            let inputs = map.map_or(&[][..], |map| map.inputs(&section.name));
            namer.section(number, section, section.bytes(file), inputs)
        } else {
            Vec::new()
        });
    }
    if namer.rust {
        constants::name(program, file, &mut all);
    }
    let mut sorted: Vec<&Span> = all.iter().flatten().collect();
    sorted.sort_by_key(|span| span.start);
    let mut tables = Vec::new();
    for (number, section) in program.sections.iter().enumerate() {
        let table = Table::of(program, section).filter(|_| !all[number].is_empty());
        if let Some(table) = table {
            let found = table.spans(program, number, section.bytes(file), &sorted);
            tables.push((number, whole(number, section, found)));
        }
    }
    for (number, spans) in tables {
        all[number] = spans;
    }
    all.into_iter().flatten().collect()
}

/// Fills what is missing in a section of data.
fn whole(number: usize, section: &Section, found: Vec<Span>) -> Vec<Span> {
    let end = section.address.saturating_add(section.size);
    let mut all = Vec::new();
    let mut at = section.address;
    let gap = |start, end| Span {
        section: number,
        start,
        end,
        owner: Owner::Data,
        symbol: String::new(),
    };
    for span in found {
        if at < span.start {
            all.push(gap(at, span.start));
        }
        at = span.end;
        all.push(span);
    }
    if at < end {
        all.push(gap(at, end));
    }
    all
}

/// The names of a program.
struct Namer<'a> {
    program: &'a Program,
    files: Files,
    /// Symbols that can name bytes, by address.
    sorted: Vec<usize>,
    rust: bool,
}

impl<'a> Namer<'a> {
    fn new(program: &'a Program) -> Self {
        let mut sorted: Vec<usize> = (0..program.symbols.len())
            .filter(|&index| names_bytes(&program.symbols[index]))
            .collect();
        sorted.sort_by_key(|&index| program.symbols[index].address);
        let rust = sorted
            .iter()
            .any(|&index| rust_name(&program.symbols[index].name).is_some());
        Namer {
            program,
            files: Files::of(program),
            sorted,
            rust,
        }
    }

    /// The spans of one section.
    fn section(
        &self,
        number: usize,
        section: &Section,
        bytes: &[u8],
        inputs: &[Input],
    ) -> Vec<Span> {
        let end = section.address.saturating_add(section.size);
        let address = |&index: &usize| self.program.symbols[index].address;
        let first = self
            .sorted
            .partition_point(|index| address(index) < section.address);
        let last = self.sorted.partition_point(|index| address(index) < end);
        let inside: Vec<usize> = self.sorted[first..last.max(first)]
            .iter()
            .copied()
            .filter(|&index| {
                (self.program.symbols[index].kind == elf::STT_TLS) == section.thread_local()
                    || self.program.symbols[index].kind == elf::STT_NOTYPE
            })
            .collect();
        let cover = Cover::of(self.program, section, &inside);
        let inputs = side_by_side(inputs, section.address, end);

        let mut edges: BTreeSet<u64> = BTreeSet::from([section.address, end]);
        edges.extend(cover.sized.iter().flat_map(|run| [run.start, run.end]));
        edges.extend(cover.labels.iter().map(|label| label.0));
        edges.extend(inputs.iter().flat_map(|(start, end, _)| [*start, *end]));
        edges.retain(|edge| (section.address..=end).contains(edge));
        let known = |start: u64| {
            at(&inputs, start, |input| (input.0, input.1)).is_some()
                || at(&cover.sized, start, |run| (run.start, run.end)).is_some()
        };
        let fills = fills(section, bytes, &edges, known);
        edges.extend(&fills);
        let edges: Vec<u64> = edges.into_iter().collect();

        let mut spans: Vec<Span> = Vec::new();
        // The input section of the span before, and the label that goes on.
        let mut before: Option<usize> = None;
        let mut label: Option<usize> = None;
        for pair in edges.windows(2) {
            let (start, stop) = (pair[0], pair[1]);
            let input = at(&inputs, start, |input| (input.0, input.1));
            let sized = at(&cover.sized, start, |run| (run.start, run.end))
                .map(|found| cover.sized[found].symbol);
            let labelled = cover.labels.binary_search_by_key(&start, |label| label.0);
            label = match labelled {
                Ok(found) => Some(cover.labels[found].1),
                Err(_) if sized.is_some() || input != before => None,
                Err(_) => label,
            };
            let source = input.map(|input| inputs[input].2);
            let fill = source.is_some_and(Input::is_fill) || fills.contains(&start);
            let last = spans.last_mut();
            let unnamed = sized.is_none() && label.is_none();
            // A gap goes to the span before, if that is of the same object file.
            if let Some(last) = last
                && (fill || unnamed && stop - start < PADDING && input == before)
                && stop - start < 4096
            {
                last.end = stop;
                continue;
            }
            before = input;
            let (owner, symbol) = if fill {
                (Owner::Data, "padding".to_owned())
            } else {
                self.name(sized.or(label), source, section, start)
            };
            match spans.last_mut() {
                Some(last) if last.owner == owner && last.symbol == symbol => last.end = stop,
                _ => spans.push(Span {
                    section: number,
                    start,
                    end: stop,
                    owner,
                    symbol,
                }),
            }
        }
        spans
    }

    /// Owner and name of a run of bytes, from its symbol and its input section.
    fn name(
        &self,
        symbol: Option<usize>,
        input: Option<&Input>,
        section: &Section,
        start: u64,
    ) -> (Owner, String) {
        let range = section.address..section.address.saturating_add(section.size);
        let Some(symbol) = symbol.map(|index| &self.program.symbols[index]) else {
            let file = || self.files.at(start, range).filter(|_| !self.rust);
            return match input {
                Some(input) => (input.owner.clone(), input.symbol().to_owned()),
                // Of constants between two of a file nobody knows that they are of it.
                None if !section.executable() => (Owner::Data, String::new()),
                None => match file() {
                    Some(file) => (Owner::Object(file.to_owned()), String::new()),
                    None => (Owner::Unknown, String::new()),
                },
            };
        };
        if let Some(RustName { path, krate }) = rust_name(&symbol.name) {
            return (Owner::Crate(krate), path);
        }
        let name = symbol.name.clone();
        if let Some(input) = input {
            return (input.owner.clone(), name);
        }
        if !section.executable() && anonymous(&name) {
            return (Owner::Data, name);
        }
        if self.rust {
            return (Owner::Library("C".to_owned()), name);
        }
        let owner = match self.files.at(symbol.address, range) {
            Some(file) => Owner::Object(file.to_owned()),
            None if section.executable() => Owner::Unknown,
            None => Owner::Data,
        };
        (owner, name)
    }
}

/// Constants that rustc and LLVM name after nothing.
fn anonymous(name: &str) -> bool {
    let name = name.trim_start_matches(".L");
    let starts = [
        "anon.",
        "alloc_",
        "str.",
        "vtable.",
        "switch.table",
        "_MergedGlobals",
    ];
    starts.iter().any(|start| name.starts_with(start))
}

/// Functions, variables and labels: not the marks of code and data that ARM, AArch64 and RISC-V
/// have, nor the compilers' own labels.
fn names_bytes(symbol: &Symbol) -> bool {
    let kinds = [
        elf::STT_FUNC,
        elf::STT_OBJECT,
        elf::STT_NOTYPE,
        elf::STT_TLS,
        elf::STT_GNU_IFUNC,
    ];
    let name = &symbol.name;
    let mark = name.starts_with('$') || name.starts_with(".L") && symbol.size == 0;
    !symbol.elsewhere && kinds.contains(&symbol.kind) && !name.is_empty() && !mark
}

/// Where fill begins that no map names: the end of a run that nobody knows, all of one byte.
fn fills(
    section: &Section,
    bytes: &[u8],
    edges: &BTreeSet<u64>,
    known: impl Fn(u64) -> bool,
) -> BTreeSet<u64> {
    let ends = edges.iter().skip(1);
    let runs = edges.iter().zip(ends).filter(|(start, _)| !known(**start));
    let found = runs.filter_map(|(start, end)| {
        let offset = |address: u64| usize::try_from(address - section.address).ok();
        let run = bytes.get(offset(*start)?..offset(*end)?)?;
        let last = run.last()?;
        let same = run.iter().rev().take_while(|byte| *byte == last).count() as u64;
        (same >= FILL).then(|| end - same)
    });
    found.collect()
}

/// Inputs clipped to the section and to each other.
fn side_by_side(inputs: &[Input], start: u64, end: u64) -> Vec<(u64, u64, &Input)> {
    let mut all = Vec::new();
    let mut at = start;
    for input in inputs {
        let from = input.start.max(at);
        let to = input.start.saturating_add(input.size).min(end);
        if from < to {
            all.push((from, to, input));
            at = to;
        }
    }
    all
}

/// The run that holds an address.
fn at<T>(runs: &[T], address: u64, range: impl Fn(&T) -> (u64, u64)) -> Option<usize> {
    let after = runs.partition_point(|run| range(run).0 <= address);
    let found = after.checked_sub(1)?;
    (address < range(&runs[found]).1).then_some(found)
}
