//! The comparison of what rustc was given with what was asked for.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::record::{Call, same_program};
use crate::suspects::suspects;

/// What rustc is to be given for every crate of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The target triple.
    pub target: String,
    /// `-C` options that follow from the profile, by name: `opt-level`, `codegen-units`, `panic` …
    pub codegen: BTreeMap<String, String>,
    /// Link-time optimization, in the manifest's words.
    pub lto: Lto,
    /// All flags of rustc that were asked for beside the profile.
    pub rustflags: Vec<String>,
    /// The standard library is compiled as well.
    pub build_std: bool,
    /// Features of the standard library, if it is.
    pub build_std_features: Vec<String>,
    /// The programs that come out; none: all that was compiled for the target is compared.
    #[serde(skip)]
    pub programs: Vec<Program>,
}

/// A program that must have come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name in the Cargo.toml.
    pub name: String,
    /// The file that is taken as this program; unnamed, nothing is said of it.
    pub file: Option<PathBuf>,
}

/// Link-time optimization as the manifest says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lto {
    /// `"fat"` or `true`.
    Fat,
    /// `"thin"`.
    Thin,
    /// Anything else: nothing across crates.
    Off,
}

/// What was found, for build.json.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many crates are in the programs.
    pub crates: usize,
    /// How many of them are the standard library's own.
    pub std_crates: usize,
    /// What each of them was given.
    pub given: Vec<String>,
}

/// What cargo passes for its own purposes, or as one of several rules that are checked apart.
const CARGOS_OWN: [&str; 10] = [
    "-Cmetadata",
    "-Cextra-filename",
    "-Clinker",
    "-Cembed-bitcode",
    "-Clto",
    "-Clinker-plugin-lto",
    "-Cstrip",
    "-Csplit-debuginfo",
    "-Zforce-unstable-if-unmarked",
    "-Zunstable-options",
];

/// Compares the recorded calls with what was asked for: of each crate in the programs the whole
/// set of `-C`, `-Z`, `-O` and `-g` options.
///
/// # Errors
/// When a crate was given something else, less or more; when a program was not linked, is of
/// unrecorded crates, or the file named is another one. Each difference with the crate, wanted
/// and found.
pub fn verify(calls: &[Call], expected: &Expected) -> Result<Verified> {
    let mut wrong = Differences::default();
    let units = units(calls, &expected.target);
    let mut members = BTreeMap::new();
    for program in &expected.programs {
        let name = program.name.replace('-', "_");
        let mut links = calls.iter().rev().filter(|call| call.links());
        let link = links.find(|call| call.crate_name() == name && is_for(call, &expected.target));
        let Some(link) = link else {
            let missing = format!(
                "{}: no such program was linked for {}",
                program.name, expected.target
            );
            wrong.plain(&missing);
            continue;
        };
        if let Some(file) = &program.file {
            same_program(link, file)
                .map_err(|error| wrong.plain(&error.to_string()))
                .ok();
        }
        for missing in collect(link, &units, &mut members) {
            wrong.plain(&format!(
                "{missing}: its compilation was not recorded; remove cargo's target folder and build again"
            ));
        }
    }
    if expected.programs.is_empty() {
        let all = calls.iter().filter(|call| is_for(call, &expected.target));
        members.extend(all.map(|call| (call.unit(), call)));
        if members.is_empty() {
            wrong.plain(&format!("nothing was compiled for {}", expected.target));
        }
    }
    let wanted = wanted(expected);
    for call in members.values() {
        compare(call, &wanted, &mut wrong);
        check_lto(call, expected, &mut wrong);
    }
    let std = members
        .values()
        .find(|call| call.is_std() && call.crate_name() == "std");
    for feature in &expected.build_std_features {
        if let Some(std) = std.filter(|std| !std.has_feature(feature)) {
            wrong.add(format!("std's feature {feature} wanted, not given"), std);
        }
    }
    let has_std = std.is_some();
    if expected.build_std && !has_std && !members.is_empty() {
        wrong.plain("std should have been compiled with the program, but was the prebuilt one");
    }
    if !expected.build_std && has_std {
        wrong.plain("the prebuilt std should have been used, but std was compiled");
    }
    wrong.fail()?;
    let mut given = wanted
        .names()
        .filter_map(|name| Some(Options::said(name, wanted.value(name)?)))
        .collect::<Vec<_>>();
    if expected.lto != Lto::Off {
        given.push(format!("-Clto={}", lto_word(expected.lto)));
    }
    Ok(Verified {
        crates: members.len(),
        std_crates: members.values().filter(|call| call.is_std()).count(),
        given,
    })
}

fn is_for(call: &Call, target: &str) -> bool {
    call.value("--target") == Some(target)
}

/// The last call of each unit; `None` for one of the host, as procedural macros are.
fn units<'a>(calls: &'a [Call], target: &str) -> BTreeMap<String, Option<&'a Call>> {
    let unit = |call: &'a Call| (call.unit(), is_for(call, target).then_some(call));
    calls
        .iter()
        .filter(|call| !call.links())
        .map(unit)
        .collect()
}

/// Adds a program's call and those of all that it is made of; what was not recorded is returned.
fn collect<'a>(
    link: &'a Call,
    units: &BTreeMap<String, Option<&'a Call>>,
    members: &mut BTreeMap<String, &'a Call>,
) -> Vec<String> {
    let mut missing = Vec::new();
    let mut seen = HashSet::new();
    let mut ahead = vec![link];
    while let Some(call) = ahead.pop() {
        members.insert(call.unit(), call);
        for unit in call.uses() {
            if !seen.insert(unit.clone()) {
                continue;
            }
            match units.get(&unit) {
                Some(Some(call)) => ahead.push(call),
                Some(None) => {}
                None => missing.push(unit),
            }
        }
    }
    missing
}

/// In cargo's order: the profile, then the flags.
fn wanted(expected: &Expected) -> Options {
    let profile = expected.codegen.iter();
    let profile = profile
        .map(|(name, value)| format!("-C{name}={value}"))
        .collect::<Vec<_>>();
    let mut wanted = Options::of(profile.iter().map(String::as_str));
    wanted.extend(Options::of(expected.rustflags.iter().map(String::as_str)));
    wanted
}

fn compare(call: &Call, wanted: &Options, wrong: &mut Differences) {
    let given = Options::of(call.args.iter().map(String::as_str));
    // Cargo strips where it links.
    let compared = |name: &str| !CARGOS_OWN.contains(&name) || (name == "-Cstrip" && call.links());
    for name in wanted.names().filter(|name| compared(name)) {
        let (asked, found) = (wanted.value(name), given.value(name));
        if asked != found {
            let option = |value: Option<&str>| value.map(|value| Options::said(name, value));
            let asked = option(asked).unwrap_or_default();
            wrong.add(
                match option(found) {
                    Some(found) => format!("{asked} wanted, {found} given"),
                    None => format!("{asked} wanted, nothing given"),
                },
                call,
            );
        }
    }
    for name in given.names() {
        let asked = wanted.names().any(|wanted| wanted == name);
        if asked || CARGOS_OWN.contains(&name) || given.value(name) == given.unsaid(name) {
            continue;
        }
        let said = Options::said(name, given.value(name).unwrap_or_default());
        wrong.add(format!("{said} given, which nobody asked for"), call);
    }
}

/// The program is optimized as a whole; the libraries it is made of must have been compiled
/// for that.
fn check_lto(call: &Call, expected: &Expected, wrong: &mut Differences) {
    let given = Options::of(call.args.iter().map(String::as_str));
    if call.links() {
        let found = match given.value("-Clto") {
            Some("fat" | "yes") => Lto::Fat,
            Some("thin") => Lto::Thin,
            _ => Lto::Off,
        };
        if found != expected.lto {
            let (wanted, found) = (lto_word(expected.lto), lto_word(found));
            wrong.add(format!("-Clto={wanted} wanted, -Clto={found} given"), call);
        }
    } else if expected.lto != Lto::Off && given.value("-Cembed-bitcode") == Some("no") {
        wrong.add("lto: a library has no bitcode".to_owned(), call);
    }
}

fn lto_word(lto: Lto) -> &'static str {
    match lto {
        Lto::Fat => "fat",
        Lto::Thin => "thin",
        Lto::Off => "off",
    }
}

/// Differences, each with the crates that have it.
#[derive(Default)]
struct Differences {
    all: BTreeMap<String, Vec<String>>,
}

impl Differences {
    fn add(&mut self, what: String, call: &Call) {
        let crates = self.all.entry(what).or_default();
        crates.push(call.crate_name().to_owned());
    }

    fn plain(&mut self, what: &str) {
        self.all.entry(what.to_owned()).or_default();
    }

    fn fail(self) -> Result<()> {
        if self.all.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for (what, crates) in &self.all {
            write!(text, "\n  {what}")?;
            match crates.as_slice() {
                [] => {}
                [one] => write!(text, " (crate {one})")?,
                [first, rest @ ..] => {
                    write!(text, " (crate {first} and {} more)", rest.len())?;
                }
            }
        }
        bail!(
            "rustc was not given what the profile and the board's flags say:{text}{}",
            suspects(&text, std::env::vars())
        )
    }
}

#[cfg(test)]
mod tests;
