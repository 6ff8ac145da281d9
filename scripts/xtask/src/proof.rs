//! The proof that rustc was given what the profile says.
//!
//! Cargo's settings have many sources, and the environment silently beats the manifest:
//! Buildroot's `CARGO_PROFILE_RELEASE_LTO=false` and its kind once made 1,287,224 bytes of
//! 818,704. So nothing is concluded from the settings: the rustc calls that `cargo build -v`
//! prints are read and compared with what was wanted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};
use serde::Serialize;

/// What rustc is to be given for every crate of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The target triple.
    pub target: String,
    /// `-C` options that each crate must have, by name: `opt-level`, `codegen-units`, `panic` …
    pub codegen: BTreeMap<String, String>,
    /// Link-time optimization, in the manifest's words.
    pub lto: Lto,
    /// Flags that each crate must have as they stand.
    pub rustflags: Vec<String>,
    /// The standard library is compiled as well.
    pub build_std: bool,
    /// The programs that come out: `tinyrust`, `hello`.
    pub programs: Vec<String>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// How many crates were compiled for the target.
    pub crates: usize,
    /// How many of them are the standard library's own.
    pub std_crates: usize,
    /// What each of them was given.
    pub given: Vec<String>,
}

/// A call of rustc.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    words: Vec<String>,
}

impl Call {
    /// The calls in the output of `cargo build -v`; those for the host (build scripts,
    /// procedural macros) included.
    fn parse_all(output: &str) -> Vec<Self> {
        output.lines().filter_map(Self::parse).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let command = line.trim().strip_prefix("Running `")?.strip_suffix('`')?;
        let words = shlex::split(command)?;
        // With -vv the environment stands before the program.
        let program = words.iter().position(|word| !is_assignment(word))?;
        let call = Self {
            words: words[program..].to_vec(),
        };
        let is_rustc = call.words[0].rsplit('/').next() == Some("rustc")
            || call
                .words
                .get(1)
                .is_some_and(|word| word.ends_with("rustc"));
        (is_rustc && call.value("--crate-name").is_some()).then_some(call)
    }

    /// The value of an option: `--name value` or `--name=value`.
    fn value(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == name {
                return words.next().map(String::as_str);
            }
            if let Some(value) = word.strip_prefix(name).and_then(|w| w.strip_prefix('=')) {
                return Some(value);
            }
        }
        None
    }

    fn crate_name(&self) -> &str {
        self.value("--crate-name").unwrap_or_default()
    }

    fn source(&self) -> &str {
        self.words
            .iter()
            .map(String::as_str)
            .find(|word| word.ends_with(".rs"))
            .unwrap_or_default()
    }

    /// All `-C` and `-Z` options as `Cname=value`, whether rustc was given `-C name` or `-Cname`.
    fn options(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-C" | "--codegen" => all.extend(words.next().map(|word| format!("C{word}"))),
                "-Z" => all.extend(words.next().map(|word| format!("Z{word}"))),
                _ => {
                    if let Some(option) = word.strip_prefix('-')
                        && option.starts_with(['C', 'Z'])
                    {
                        all.push(option.to_owned());
                    }
                }
            }
        }
        all
    }

    /// A `-C` option's value: of several, rustc takes the last.
    fn codegen(&self, name: &str) -> Option<String> {
        self.options().iter().rev().find_map(|option| {
            let option = option.strip_prefix('C')?;
            let (found, value) = option.split_once('=').unwrap_or((option, ""));
            (found == name).then(|| value.to_owned())
        })
    }

    /// Whether a flag of RUSTFLAGS, which may be one word or two, is among the options.
    fn has(&self, flag: &str) -> bool {
        match flag.strip_prefix('-') {
            Some(option) if option.starts_with(['C', 'Z']) => {
                let option = option.replacen(' ', "", 1);
                self.options().contains(&option)
            }
            _ => self.words.iter().any(|word| word == flag),
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Compares the calls in the output of a full `cargo build -v` with what was wanted.
///
/// # Errors
/// When a crate of the target was given something else, or nothing was compiled at all: each
/// difference with the crate, wanted and found.
pub fn verify(output: &str, expected: &Expected) -> Result<Proof> {
    let calls = Call::parse_all(output);
    let target = calls
        .iter()
        .filter(|call| call.value("--target") == Some(&expected.target))
        .collect::<Vec<_>>();
    ensure!(
        !target.is_empty(),
        "nothing was compiled for {}: either cargo found everything fresh, or it built for another \
         target",
        expected.target
    );
    let mut wrong = Differences::default();
    for call in &target {
        for (name, wanted) in &expected.codegen {
            let found = call.codegen(name);
            if found.as_deref() != Some(wanted) {
                let found = found.unwrap_or_else(|| "nothing".to_owned());
                wrong.add(format!("{name}: {wanted} wanted, {found} given"), call);
            }
        }
        for flag in &expected.rustflags {
            if !call.has(flag) {
                wrong.add(format!("{flag}: wanted, not given"), call);
            }
        }
        check_lto(call, expected, &mut wrong);
    }
    let std_crates = target.iter().filter(|call| is_std(call)).count();
    let has_std = target
        .iter()
        .any(|call| is_std(call) && call.crate_name() == "std");
    if expected.build_std && !has_std {
        wrong.plain("std: to be compiled with the program, the prebuilt one was taken");
    }
    if !expected.build_std && has_std {
        wrong.plain("std: the prebuilt one wanted, it was compiled");
    }
    for program in &expected.programs {
        let name = program.replace('-', "_");
        if !target
            .iter()
            .any(|call| call.crate_name() == name && links(call))
        {
            wrong.plain(&format!("{program}: no such program was linked"));
        }
    }
    wrong.fail()?;
    let mut given = expected
        .codegen
        .iter()
        .map(|(name, value)| format!("-C{name}={value}"))
        .collect::<Vec<_>>();
    if expected.lto != Lto::Off {
        given.push(format!("-Clto={}", lto_word(expected.lto)));
    }
    given.extend(expected.rustflags.iter().cloned());
    Ok(Proof {
        crates: target.len(),
        std_crates,
        given,
    })
}

/// The program is optimized as a whole; the libraries it is made of must have been compiled
/// for that.
fn check_lto(call: &Call, expected: &Expected, wrong: &mut Differences) {
    if links(call) {
        let found = match call.codegen("lto").as_deref() {
            Some("" | "fat" | "yes" | "y" | "on" | "true") => Lto::Fat,
            Some("thin") => Lto::Thin,
            _ => Lto::Off,
        };
        if found != expected.lto {
            let (wanted, found) = (lto_word(expected.lto), lto_word(found));
            wrong.add(format!("lto: {wanted} wanted, {found} given"), call);
        }
    } else if expected.lto != Lto::Off && call.codegen("embed-bitcode").as_deref() == Some("no") {
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

fn links(call: &Call) -> bool {
    call.value("--crate-type") == Some("bin")
}

/// A crate of the standard library's own source; not what it takes from a registry.
fn is_std(call: &Call) -> bool {
    call.source().contains("/rustlib/src/rust/library/")
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
            "rustc was not given what the profile says; look for CARGO_PROFILE_* or RUSTFLAGS in \
             the environment and for a config.toml of cargo above app/ or in CARGO_HOME:{text}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RUSTC: &str = "/home/u/.rustup/toolchains/1.95.0/bin/rustc";
    const STD: &str = "/home/u/.rustup/toolchains/1.95.0/lib/rustlib/src/rust/library";
    const COMMON: &str = "-C opt-level=z -C panic=immediate-abort -Z unstable-options \
        -C codegen-units=1 --target armv7-unknown-linux-musleabihf -C linker=/x/armv7-gcc \
        '--warn=clippy::todo' --check-cfg 'cfg(feature, values(\"a\", \"b\"))' \
        -Ctarget-feature=+thumb-mode,+crt-static -Zlocation-detail=none";

    fn library(name: &str, source: &str) -> String {
        format!(
            "   Compiling {name} v1.0.0\n     Running `{RUSTC} --crate-name {name} --edition=2021 \
             {source} --crate-type lib -C linker-plugin-lto {COMMON}`\n"
        )
    }

    fn good() -> String {
        [
            format!(
                "     Running `{RUSTC} --crate-name build_script_build build.rs --crate-type bin \
                 -C embed-bitcode=no`\n     Running `/t/tiny/build/libc-1/build-script-build`\n"
            ),
            library("core", &format!("{STD}/core/src/lib.rs")),
            library("std", &format!("{STD}/std/src/lib.rs")),
            library(
                "http",
                "/home/u/.cargo/registry/src/i/http-1.0.0/src/lib.rs",
            ),
            format!(
                "     Running `{RUSTC} --crate-name tinyrust src/main.rs --crate-type bin \
                 -C lto=fat {COMMON}`\n    Finished `tiny` profile\n"
            ),
        ]
        .concat()
    }

    fn expected() -> Expected {
        Expected {
            target: "armv7-unknown-linux-musleabihf".into(),
            codegen: [
                ("opt-level", "z"),
                ("codegen-units", "1"),
                ("panic", "immediate-abort"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            lto: Lto::Fat,
            rustflags: vec![
                "-Ctarget-feature=+thumb-mode,+crt-static".into(),
                "-Zlocation-detail=none".into(),
            ],
            build_std: true,
            programs: vec!["tinyrust".into()],
        }
    }

    #[test]
    fn a_build_as_wanted_passes_and_build_scripts_do_not_count() {
        let proof = verify(&good(), &expected()).unwrap();
        assert_eq!((proof.crates, proof.std_crates), (4, 2));
        assert!(proof.given.contains(&"-Clto=fat".to_owned()));
    }

    #[test]
    fn every_silent_override_is_named() {
        for (from, to, message) in [
            ("opt-level=z", "opt-level=2", "opt-level: z wanted, 2 given"),
            (
                "-C codegen-units=1 ",
                "",
                "codegen-units: 1 wanted, nothing given",
            ),
            (
                "panic=immediate-abort",
                "panic=abort",
                "panic: immediate-abort wanted, abort given",
            ),
            ("-C lto=fat", "-C lto=off", "lto: fat wanted, off given"),
            (
                "-C linker-plugin-lto",
                "-C embed-bitcode=no",
                "a library without bitcode",
            ),
            (
                "+thumb-mode,",
                "",
                "-Ctarget-feature=+thumb-mode,+crt-static: wanted, not given",
            ),
            (
                "-Zlocation-detail=none",
                "",
                "-Zlocation-detail=none: wanted, not given",
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
        ] {
            let error = verify(&good().replace(from, to), &expected()).unwrap_err();
            assert!(error.to_string().contains(message), "{from}: {error}");
        }
    }

    #[test]
    fn of_two_values_the_last_one_counts_as_it_does_for_rustc() {
        let later = good().replace("-C opt-level=z", "-C opt-level=z -Copt-level=3");
        let error = verify(&later, &expected()).unwrap_err();
        assert!(error.to_string().contains("opt-level: z wanted, 3 given"));
    }

    #[test]
    fn a_build_that_found_everything_fresh_proves_nothing() {
        let error = verify("       Fresh tinyrust v0.1.0\n", &expected()).unwrap_err();
        assert!(
            error.to_string().contains("nothing was compiled"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_output_is_survived(text in ".{0,80}", flags in ".{0,40}") {
            let _ = verify(&format!("Running `{text}`"), &expected());
            let _ = verify(&good().replace(COMMON, &flags), &expected());
        }

        #[test]
        fn an_option_is_read_in_one_word_and_in_two(name in "[a-z-]{1,9}", value in "[a-z0-9+,]{0,9}") {
            for text in [format!("-C {name}={value}"), format!("-C{name}={value}")] {
                let line = format!("Running `{RUSTC} --crate-name a {text}`");
                let call = Call::parse(&line).unwrap();
                prop_assert_eq!(call.codegen(&name), Some(value.clone()));
                prop_assert!(call.has(&text));
            }
        }
    }
}
