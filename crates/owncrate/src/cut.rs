//! What to cut: a program's bytes by what its crate depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use board::units::Bytes;

use crate::krate::{OwnCrate, Without};
use crate::parts::{C, NAMELESS, Parts};

/// Crates of the standard library.
const STD: &[&str] = &[
    "alloc",
    "compiler_builtins",
    "core",
    "gimli",
    "addr2line",
    "hashbrown",
    "miniz_oxide",
    "object",
    "panic_abort",
    "panic_unwind",
    "rustc_demangle",
    "std",
    "unwind",
];

/// Rows below this part of the whole are told together.
const SMALL: u64 = 200;

/// As many names are told.
const NAMES: usize = 3;

fn some_of(names: &[&str]) -> String {
    match names.len().saturating_sub(NAMES) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMES].join(", ")),
    }
}

struct Row {
    name: String,
    crates: usize,
    bytes: u64,
    note: String,
}

impl Row {
    fn plain(name: &str, bytes: u64) -> Self {
        Self {
            name: name.to_owned(),
            crates: 0,
            bytes,
            note: String::new(),
        }
    }
}

/// The table: what each dependency brings by itself alone, what several share, and the rest. A
/// part's bytes on flash are its part of the `on_flash` that the whole takes; what leaving it out
/// saves differs from that by what the compressor makes of the rest.
#[must_use]
pub fn table(own: &OwnCrate, parts: &Parts, on_flash: u64) -> String {
    let rows = rows(own, parts);
    let flash = |bytes: u64| match parts.total {
        0 => 0,
        total => (u128::from(bytes) * u128::from(on_flash) / u128::from(total)) as u64,
    };
    let mut text = format!(
        "\n{}: {} bytes on flash, by dependency: each row counts the crates that only it brings;\n\
         crates that several dependencies share have rows of their own\n\
         {:<28} {:>6} {:>11} {:>11}\n",
        own.title(),
        Bytes(on_flash),
        "",
        "crates",
        "loaded",
        "on flash"
    );
    for Row {
        name,
        crates,
        bytes,
        note,
    } in rows
    {
        let crates = match crates {
            0 => String::new(),
            number => number.to_string(),
        };
        let line = format!(
            "{name:<28} {crates:>6} {:>11} {:>11}  {note}",
            Bytes(bytes).to_string(),
            Bytes(flash(bytes)).to_string()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text += &match own.without_features() {
        Ok(all) => features(own, parts, &all, flash),
        Err(error) => format!("cannot tell what each feature brings: {error:#}\n"),
    };
    text
}

/// What each feature brings, with the options that leave it out. A lower bound: what those crates
/// call of others goes with them, and only the linker knows that.
fn features(own: &OwnCrate, parts: &Parts, all: &[Without], flash: impl Fn(u64) -> u64) -> String {
    let mut rows = Vec::new();
    for without in all {
        let left = &without.graph;
        let gone = own.graph.members.iter().filter(|member| {
            member.in_program && left.find(member.name()).is_none_or(|left| !left.in_program)
        });
        let gone = gone.collect::<Vec<_>>();
        let names = gone.iter().flat_map(|member| member.libraries());
        let names = names.collect::<BTreeSet<_>>();
        let bytes = parts.crates.iter().filter(|(name, _)| names.contains(name));
        let bytes = bytes.map(|(_, bytes)| bytes).sum::<u64>();
        let c = gone.iter().filter(|member| member.compiles_c());
        let c = c.map(|member| member.title()).collect::<Vec<_>>();
        rows.push((bytes, gone.len(), without, c.join(", ")));
    }
    rows.retain(|(_, crates, ..)| *crates > 0);
    rows.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
    let mut text = String::new();
    for (bytes, crates, without, c) in rows {
        let c = match c.is_empty() {
            true => String::new(),
            false => format!(", the C code of {c}"),
        };
        let _ = writeln!(
            text,
            "without the feature `{}` ({}): at least {} bytes less, {} on flash: {crates} crate{}{c}, \
             and whatever only they call",
            without.feature,
            without.options,
            Bytes(bytes),
            Bytes(flash(bytes)),
            if crates == 1 { "" } else { "s" },
        );
    }
    text
}

fn rows(own: &OwnCrate, parts: &Parts) -> Vec<Row> {
    let mut left = parts
        .crates
        .iter()
        .map(|(name, bytes)| (name.clone(), *bytes))
        .collect::<BTreeMap<_, _>>();
    let mut rows = Vec::new();
    for (first, alone) in own.graph.branches() {
        let bytes = alone.iter().flat_map(|member| member.libraries());
        let bytes = bytes.filter_map(|name| left.remove(&name)).sum();
        let features = own.graph.features_for(first.name());
        rows.push(Row {
            name: first.title(),
            crates: alone.len(),
            bytes,
            note: match &features[..] {
                [] => String::new(),
                features => format!("feature {}", features.join(", ")),
            },
        });
    }
    let owned = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let mut program = own.graph.root().libraries().collect::<Vec<_>>();
    program.push(own.bin.replace('-', "_"));
    for (name, members) in [
        ("the program itself", program),
        ("std", owned(STD)),
        (C, owned(&[C])),
        (NAMELESS, owned(&[NAMELESS])),
    ] {
        let bytes = members
            .iter()
            .filter_map(|member| left.remove(member))
            .sum();
        rows.push(Row::plain(name, bytes));
    }
    for (member, by) in own.graph.shared() {
        let bytes = member.libraries().filter_map(|name| left.remove(&name));
        rows.push(Row {
            name: member.title(),
            crates: 0,
            bytes: bytes.sum(),
            note: format!("by {}", some_of(&by)),
        });
    }
    rows.push(Row::plain("other crates", left.values().sum()));
    rows.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    let small = parts.total / SMALL;
    let (mut large, small): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.bytes >= small);
    if !small.is_empty() {
        large.push(Row {
            name: format!("{} more", small.len()),
            crates: small.iter().map(|row| row.crates).sum(),
            bytes: small.iter().map(|row| row.bytes).sum(),
            note: String::new(),
        });
    }
    large
}
