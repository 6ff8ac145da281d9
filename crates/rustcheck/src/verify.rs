//! The comparison of what rustc was given with what was asked for.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::record::{Call, same_program};

/// What rustc is to be given for every crate of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The programs that come out; none: all that was compiled for the target is compared.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    let has_std = members
        .values()
        .any(|call| call.is_std() && call.crate_name() == "std");
    if expected.build_std && !has_std && !members.is_empty() {
        wrong.plain("std: to be compiled with the program, the prebuilt one was taken");
    }
    if !expected.build_std && has_std {
        wrong.plain("std: the prebuilt one wanted, it was compiled");
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
    for name in wanted.names().filter(|name| !CARGOS_OWN.contains(name)) {
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
        wrong.add("lto: a library without bitcode".to_owned(), call);
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

/// The variables in sight that are stronger than what a builder sets, and where else to look.
///
/// Strongest first, as cargo takes them: `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS`,
/// `CARGO_TARGET_*_RUSTFLAGS` (The Cargo Book, "build.rustflags").
fn suspects(error: &str, vars: impl Iterator<Item = (String, String)>) -> String {
    let mut found = vars
        .filter(|(name, value)| !value.is_empty() && is_suspect(name, error))
        .collect::<Vec<_>>();
    found.sort();
    let mut text = String::new();
    for (name, value) in found {
        let _ = write!(text, "\n  in the environment: {name}={value}");
    }
    if text.is_empty() {
        text.push_str(
            "\n  no variable of the environment says so: look at [profile.*] of the crate's \
             Cargo.toml, at each config.toml of cargo in .cargo folders above it and in CARGO_HOME, \
             and at the flags that the package or recipe adds",
        );
    }
    text
}

fn is_suspect(name: &str, error: &str) -> bool {
    if let Some((_, key)) = name
        .strip_prefix("CARGO_PROFILE_")
        .and_then(|rest| rest.split_once('_'))
    {
        return error.contains(&format!("-C{}=", key.to_lowercase().replace('_', "-")));
    }
    matches!(
        name,
        "RUSTFLAGS"
            | "CARGO_ENCODED_RUSTFLAGS"
            | "CARGO_BUILD_RUSTFLAGS"
            | "CARGO_TARGET_DIR"
            | "CARGO_BUILD_TARGET_DIR"
    ) || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STD: &str = "/home/u/.rustup/toolchains/1.95.0/lib/rustlib/src/rust/library";
    const COMMON: &str = "-C opt-level=z -C panic=immediate-abort -Z unstable-options \
        -C codegen-units=1 --target armv7-unknown-linux-musleabihf -C linker=/x/armv7-gcc \
        --warn=clippy::todo -Ctarget-feature=+thumb-mode,+crt-static -Zlocation-detail=none";

    fn call(line: &str) -> Call {
        Call {
            args: line.split_whitespace().map(str::to_owned).collect(),
            program_sha256: None,
        }
    }

    fn library(name: &str, source: &str) -> String {
        format!(
            "--crate-name {name} --edition=2021 {source} --crate-type lib -C linker-plugin-lto \
             -C metadata=9 -C extra-filename=-9 {COMMON}"
        )
    }

    /// A build as wanted, changed by `change`, of a word by another.
    fn calls(change: (&str, &str)) -> Vec<Call> {
        let lines = [
            "--crate-name build_script_build build.rs --crate-type bin -C embed-bitcode=no"
                .to_owned(),
            "--crate-name derive src/lib.rs --crate-type proc-macro -C extra-filename=-7"
                .to_owned(),
            library("core", &format!("{STD}/core/src/lib.rs")) + " -Zforce-unstable-if-unmarked",
            library(
                "std",
                &format!("{STD}/std/src/lib.rs --extern core=/t/libcore-9.rmeta"),
            ),
            library(
                "http",
                "/r/http-1.0.0/src/lib.rs --extern noprelude:std=/t/libstd-9.rlib",
            ),
            format!(
                "--crate-name tinyrust src/main.rs --crate-type bin -C lto=fat {COMMON} \
                 --extern http=/t/libhttp-9.rlib --extern derive=/t/libderive-7.so"
            ),
        ];
        lines
            .iter()
            .map(|line| call(&line.replace(change.0, change.1)))
            .collect()
    }

    fn expected() -> Expected {
        Expected {
            target: "armv7-unknown-linux-musleabihf".into(),
            codegen: [
                ("opt-level", "z"),
                ("codegen-units", "1"),
                ("panic", "immediate-abort"),
                ("debuginfo", "0"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            lto: Lto::Fat,
            rustflags: vec![
                "-Ctarget-feature=+thumb-mode,+crt-static".into(),
                "-Zlocation-detail=none".into(),
            ],
            build_std: true,
            programs: vec![Program {
                name: "tinyrust".into(),
                file: None,
            }],
        }
    }

    fn error(change: (&str, &str)) -> String {
        verify(&calls(change), &expected()).unwrap_err().to_string()
    }

    #[test]
    fn a_build_as_wanted_passes_and_what_runs_on_the_host_does_not_count() {
        let verified = verify(&calls(("", "")), &expected()).unwrap();
        assert_eq!((verified.crates, verified.std_crates), (4, 2));
        for flag in ["-Clto=fat", "-Copt-level=z", "-Ctarget-feature=+thumb-mode"] {
            assert!(
                verified.given.contains(&flag.to_owned()),
                "{:?}",
                verified.given
            );
        }
    }

    #[test]
    fn every_silent_override_is_named() {
        for (from, to, message) in [
            (
                "opt-level=z",
                "opt-level=2",
                "-Copt-level=z wanted, -Copt-level=2 given",
            ),
            (
                "-C codegen-units=1 ",
                "",
                "-Ccodegen-units=1 wanted, nothing given",
            ),
            (
                "panic=immediate-abort",
                "panic=abort",
                "-Cpanic=immediate-abort wanted, -Cpanic=abort given",
            ),
            (
                "-C lto=fat",
                "-C lto=off",
                "-Clto=fat wanted, -Clto=off given",
            ),
            (
                "-C linker-plugin-lto",
                "-C embed-bitcode=no",
                "a library without bitcode",
            ),
            (
                "+thumb-mode,",
                "",
                "-Ctarget-feature=+thumb-mode wanted, nothing given",
            ),
            (
                "-Zlocation-detail=none",
                "",
                "-Zlocation-detail=none wanted, nothing given",
            ),
            (
                "rustlib/src/rust/library/std",
                "elsewhere/std",
                "std: to be compiled",
            ),
            (
                "--crate-name tinyrust",
                "--crate-name other",
                "tinyrust: no such program",
            ),
            (
                "extern http=/t/libhttp-9",
                "extern http=/t/libhttp-8",
                "http-8: its compilation was not recorded",
            ),
        ] {
            let error = error((from, to));
            assert!(error.contains(message), "{from}: {error}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_named_whatever_its_spelling() {
        for (added, message) in [
            ("-O", "-Copt-level=z wanted, -Copt-level=-O given"),
            (
                "-C opt_level=3",
                "-Copt-level=z wanted, -Copt-level=3 given",
            ),
            (
                "--codegen=opt-level=3",
                "-Copt-level=z wanted, -Copt-level=3 given",
            ),
            (
                "--codegen opt-level=3",
                "-Copt-level=z wanted, -Copt-level=3 given",
            ),
            (
                "-Ctarget-feature=-thumb-mode",
                "+thumb-mode wanted, -Ctarget-feature=-thumb-mode given",
            ),
            (
                "-C target-cpu=native",
                "-Ctarget-cpu=native given, which nobody asked for",
            ),
            (
                "-Crelocation-model=pic",
                "-Crelocation-model=pic given, which nobody asked for",
            ),
            (
                "-Ctarget-feature=+neon",
                "-Ctarget-feature=+neon given, which nobody asked for",
            ),
            (
                "-Clink-arg=-s",
                "-Clink-arg=-s given, which nobody asked for",
            ),
            ("-g", "-Cdebuginfo=0 wanted, -Cdebuginfo=-g given"),
            (
                "-Zshare-generics",
                "-Zshare-generics given, which nobody asked for",
            ),
            ("@flags.txt", "flags.txt given, which nobody asked for"),
        ] {
            let error = error((COMMON, &format!("{COMMON} {added}")));
            assert!(error.contains(message), "{added}: {error}");
        }
    }

    #[test]
    fn a_default_that_is_said_is_no_difference() {
        let said =
            format!("{COMMON} -C debug-assertions=off -C overflow-checks=no -C strip=symbols");
        verify(&calls((COMMON, &said)), &expected()).unwrap();
    }

    #[test]
    fn a_call_that_a_later_build_replaced_does_not_count() {
        let mut all = calls(("opt-level=z", "opt-level=2"));
        all.extend(calls(("", "")));
        verify(&all, &expected()).unwrap();
        let mut all = calls(("extra-filename=-9", "extra-filename=-5"));
        all.extend(calls(("", "")));
        assert_eq!(verify(&all, &expected()).unwrap().crates, 4);
    }

    #[test]
    fn without_a_program_every_crate_for_the_target_is_compared() {
        let library = |calls: Vec<Call>| {
            let calls = calls.into_iter().filter(|call| !call.links());
            let expected = Expected {
                programs: Vec::new(),
                ..expected()
            };
            verify(&calls.collect::<Vec<_>>(), &expected)
        };
        assert_eq!(library(calls(("", ""))).unwrap().crates, 3);
        let error = library(calls(("opt-level=z", "opt-level=2"))).unwrap_err();
        assert!(error.to_string().contains("-Copt-level=2 given"), "{error}");
        let error = library(Vec::new()).unwrap_err().to_string();
        assert!(error.contains("nothing was compiled for"), "{error}");
    }

    #[test]
    fn a_file_of_another_build_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tinyrust");
        std::fs::write(&file, "new").unwrap();
        let mut calls = calls(("", ""));
        let mut expected = expected();
        expected.programs[0].file = Some(file.clone());
        calls[5].program_sha256 = Some(crate::record::sha256_file(&file).unwrap());
        verify(&calls, &expected).unwrap();
        std::fs::write(&file, "old").unwrap();
        let error = verify(&calls, &expected).unwrap_err().to_string();
        assert!(
            error.contains("not the program whose build was recorded"),
            "{error}"
        );
    }

    #[test]
    fn the_variable_that_was_stronger_is_named_with_its_value() {
        let vars = |all: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            all.iter().map(pair).collect::<Vec<_>>().into_iter()
        };
        let text = suspects(
            "-Copt-level=z wanted, -Copt-level=2 given",
            vars(&[
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
                ("CARGO_PROFILE_RELEASE_PANIC", "unwind"),
                ("RUSTFLAGS", ""),
            ]),
        );
        assert!(text.contains("CARGO_PROFILE_RELEASE_OPT_LEVEL=2"), "{text}");
        assert!(
            !text.contains("PANIC") && !text.contains("RUSTFLAGS"),
            "{text}"
        );
        assert!(suspects("", vars(&[("HOME", "/root")])).contains("config.toml of cargo"));
    }

    proptest! {
        #[test]
        fn any_flag_that_is_added_is_seen(name in "[a-z]{2,9}(-[a-z]{2,9})?", value in "[a-z0-9]{1,6}") {
            let all = calls((COMMON, &format!("{COMMON} -Z {name}={value}")));
            prop_assert!(verify(&all, &expected()).is_err());
        }
    }
}
