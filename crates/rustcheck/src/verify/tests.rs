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
        package: None,
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
        "--crate-name build_script_build build.rs --crate-type bin -C embed-bitcode=no".to_owned(),
        "--crate-name derive src/lib.rs --crate-type proc-macro -C extra-filename=-7".to_owned(),
        library("core", &format!("{STD}/core/src/lib.rs")) + " -Zforce-unstable-if-unmarked",
        library(
            "std",
            &format!(
                "{STD}/std/src/lib.rs --cfg feature=\"optimize_for_size\" \
                 --extern core=/t/libcore-9.rmeta"
            ),
        ),
        library(
            "http",
            "/r/http-1.0.0/src/lib.rs --extern noprelude:std=/t/libstd-9.rlib",
        ),
        format!(
            "--crate-name tinyrust src/main.rs --crate-type bin -C lto=fat -C strip=symbols {COMMON} \
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
            ("strip", "symbols"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        lto: Lto::Fat,
        rustflags: vec![
            "-Ctarget-feature=+thumb-mode,+crt-static".into(),
            "-Zlocation-detail=none".into(),
        ],
        build_std: true,
        build_std_features: vec!["optimize_for_size".into()],
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
            "-C strip=symbols ",
            "",
            "-Cstrip=symbols wanted, -Cstrip=none given (crate tinyrust)",
        ),
        (
            "-C linker-plugin-lto",
            "-C embed-bitcode=no",
            "a library has no bitcode",
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
            "optimize_for_size",
            "backtrace",
            "std's feature optimize_for_size wanted, not given (crate std)",
        ),
        (
            "rustlib/src/rust/library/std",
            "elsewhere/std",
            "std should have been compiled",
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
    let said = format!("{COMMON} -C debug-assertions=off -C overflow-checks=no");
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

proptest! {
    #[test]
    fn any_flag_that_is_added_is_seen(name in "[a-z]{2,9}(-[a-z]{2,9})?", value in "[a-z0-9]{1,6}") {
        let all = calls((COMMON, &format!("{COMMON} -Z {name}={value}")));
        prop_assert!(verify(&all, &expected()).is_err());
    }
}
