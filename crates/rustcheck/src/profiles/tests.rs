use super::*;

const ALL: Choices = Choices {
    rebuild_std: true,
    without: Vec::new(),
    keep_symbols: false,
};

fn in_rust(name: &str, rust: &str, choices: Choices) -> Resolved {
    let rust = Version::parse(rust).unwrap();
    let all = Profiles::embedded().unwrap();
    all.resolve(name, rust, &choices).unwrap()
}

fn panic(resolved: &Resolved) -> &str {
    resolved.settings["panic"].as_str().unwrap()
}

#[test]
fn a_rust_of_today_takes_all_that_the_profile_wants() {
    for rust in ["1.92.0", "1.95.0", "1.97.1", "1.98.1", "2.0.0"] {
        let tiny = in_rust("tiny", rust, ALL);
        assert_eq!(tiny.build_std, ["std", "panic_abort"]);
        assert_eq!(tiny.build_std_features, ["optimize_for_size"], "{rust}");
        assert_eq!(tiny.cargo, ["panic-immediate-abort"], "{rust}");
        assert_eq!(panic(&tiny), "immediate-abort");
        assert_eq!(
            tiny.rustflags,
            [
                "-Zlocation-detail=none",
                "-Zfmt-debug=none",
                "-Cforce-unwind-tables=no"
            ]
        );
        assert!(tiny.lacks.is_empty());
    }
}

#[test]
fn before_1_92_immediate_abort_is_a_feature_of_the_standard_library() {
    for rust in ["1.88.0", "1.91.1"] {
        let tiny = in_rust("tiny", rust, ALL);
        assert_eq!(
            tiny.build_std_features,
            ["panic_immediate_abort", "optimize_for_size"]
        );
        assert_eq!((panic(&tiny), tiny.cargo.len()), ("abort", 0), "{rust}");
        assert!(tiny.lacks.is_empty());
    }
}

#[test]
fn an_old_rust_builds_without_what_it_lacks_and_says_what_that_costs() {
    let tiny = in_rust("tiny", "1.75.0", ALL);
    assert_eq!(tiny.build_std_features, ["panic_immediate_abort"]);
    assert_eq!(
        tiny.rustflags,
        ["-Zlocation-detail=none", "-Cforce-unwind-tables=no"]
    );
    let [size, debug] = &*tiny.lacks else {
        panic!("{:?}", tiny.lacks)
    };
    assert!(
        size.starts_with("Rust 1.75.0 has no optimize-for-size: the standard"),
        "{size}"
    );
    assert!(
        debug.contains("fmt-debug") && debug.contains("bytes"),
        "{debug}"
    );
}

#[test]
fn each_option_drops_what_belongs_to_it() {
    let without = |names: &[&str]| Choices {
        without: names.iter().map(|&name| name.to_owned()).collect(),
        ..ALL
    };
    let terse = in_rust("tiny", "1.95.0", without(&["immediate-abort"]));
    assert_eq!(terse.rustflags, in_rust("tiny", "1.95.0", ALL).rustflags);
    assert_eq!(terse.build_std_features, ["optimize_for_size"]);
    assert_eq!((panic(&terse), terse.panic.as_deref()), ("abort", None));
    let names = ["immediate-abort", "location-detail", "fmt-debug"];
    let talking = in_rust("tiny", "1.95.0", without(&names));
    assert_eq!(talking.rustflags, ["-Cforce-unwind-tables=no"]);

    let prebuilt = Choices {
        rebuild_std: false,
        keep_symbols: true,
        ..ALL
    };
    let prebuilt = in_rust("tiny", "1.95.0", prebuilt);
    assert!(prebuilt.build_std.is_empty() && prebuilt.build_std_features.is_empty());
    assert_eq!(prebuilt.rustflags, terse.rustflags);
    assert_eq!((panic(&prebuilt), prebuilt.cargo.len()), ("abort", 0));
    assert_eq!(prebuilt.settings["strip"].as_bool(), Some(false));
    assert_eq!(
        in_rust("tiny", "1.95.0", ALL).settings["strip"].as_bool(),
        Some(true)
    );
}

#[test]
fn profiles_that_talk_are_left_as_they_are() {
    let diag = in_rust("tiny-diag", "1.95.0", ALL);
    assert_eq!(
        (panic(&diag), &*diag.rustflags),
        ("abort", &["-Cforce-unwind-tables=no".to_owned()][..])
    );
    let release = in_rust("release", "1.88.0", ALL);
    assert_eq!(release.build_std_features, ["panic-unwind", "backtrace"]);
    assert_eq!(panic(&release), "unwind");
}

#[test]
fn the_servers_rust_version_is_known() {
    let oldest = Profiles::embedded().unwrap().oldest_rust().unwrap();
    assert!(oldest >= Version::parse("1.85").unwrap());
}

const MANIFEST: &str = "[profile.tiny]\ninherits = \"release\"\n";

fn error(profiles: &str) -> String {
    format!("{:#}", Profiles::parse(profiles, MANIFEST).unwrap_err())
}

#[test]
fn a_feature_that_is_gone_is_not_spelled() {
    let text = "[profile.tiny]\nbuild-std = [\"std\"]\nwants = [\"a\"]\n[feature.a]\nwithout = \"x\"\n\
                spelling = [{ from = \"1.1\", rustflags = [\"-Za\"] }, { from = \"1.3\" }]\n";
    let all = Profiles::parse(text, MANIFEST).unwrap();
    for (rust, flags, lacks) in [("1.0", 0, 1), ("1.2", 1, 0), ("1.3", 0, 1), ("1.4", 0, 1)] {
        let rust = Version::parse(rust).unwrap();
        let tiny = all.resolve("tiny", rust, &ALL).unwrap();
        assert_eq!(
            (tiny.rustflags.len(), tiny.lacks.len()),
            (flags, lacks),
            "{rust}"
        );
    }
}

#[test]
fn mistakes_in_the_table_are_said() {
    for (text, said) in [
        (
            "[profile.tiny]\nwants = [\"speed\"]\n",
            "no [feature.speed], which [profile.tiny] wants",
        ),
        (
            "[profile.huge]\n",
            "[profile.huge] is not in app/Cargo.toml",
        ),
        ("[profile.tiny]\nbuild_std = []\n", "build_std"),
        (
            "[profile.tiny]\n[feature.a]\nwithout = \"x\"\n\
             spelling = [{ from = \"1.3\" }, { from = \"1.1\" }]\n",
            "newer than the one before",
        ),
        (
            "[profile.tiny]\n[feature.a]\nwithout = \"x\"\nspelling = [{ from = \"soon\" }]\n",
            "\"soon\" is not a version of Rust",
        ),
    ] {
        let error = error(text);
        assert!(error.contains(said), "{said} is not in: {error}");
    }
}

#[test]
fn an_unknown_profile_is_said_with_those_there_are() {
    let all = Profiles::embedded().unwrap();
    let rust = Version::parse("1.95").unwrap();
    let error = all
        .resolve("it's $(odd)", rust, &ALL)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("there are: release, tiny, tiny-diag"),
        "{error}"
    );
    let choices = Choices {
        without: vec!["panics".into()],
        ..ALL
    };
    let error = all.resolve("tiny", rust, &choices).unwrap_err().to_string();
    assert!(error.contains("fmt-debug, immediate-abort"), "{error}");
}
