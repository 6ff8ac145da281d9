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

use crate::rustc_call::Call;

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
    let std_crates = target.iter().filter(|call| call.is_std()).count();
    let has_std = target
        .iter()
        .any(|call| call.is_std() && call.crate_name() == "std");
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
            .any(|call| call.crate_name() == name && call.links())
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
    if call.links() {
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
    }
}
