//! The bill of materials in the image folder of the default board, or of `TINYRUST_BOARD`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The last release of the CycloneDX project's own library. It has the schemas that its format
/// consists of; no crate has that of 1.6.
const VALIDATOR: &str = "cyclonedx-python-lib[json-validation]==11.12.0";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn images() -> PathBuf {
    let board = std::env::var("TINYRUST_BOARD").unwrap_or_else(|_| {
        let text = fs::read_to_string(root().join("boards/default")).expect("boards/default");
        text.trim().to_owned()
    });
    root().join("out").join(board)
}

fn document() -> Value {
    let path = images().join("sbom.cdx.json");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make image` builds it", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("a program that can be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output
}

fn validate(files: &[&Path]) -> Output {
    let mut venv = Command::new(root().join("scripts/venv"));
    let bin = run(venv.args(["sbom-check", VALIDATOR])).stdout;
    let bin = PathBuf::from(String::from_utf8(bin).expect("UTF-8").trim());
    let mut python = Command::new(bin.join("python"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate.py");
    python.arg(script).args(files).output().expect("python")
}

#[test]
#[ignore = "needs an image and the package index: make sbom-check"]
fn the_document_fits_the_formats_own_schema() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sbom.cdx.json");
    let found = validate(&[&golden, &images().join("sbom.cdx.json")]);
    let errors = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{errors}");

    let broken = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken.cdx.json");
    let text = fs::read_to_string(&golden).expect("the golden document");
    fs::write(&broken, text.replacen("\"SHA-256\"", "\"SHA-255\"", 1)).expect("a file");
    assert!(
        !validate(&[&broken]).status.success(),
        "a hash of no kind is taken"
    );
}

/// Each component by its name in the document, parts included.
fn components(document: &Value) -> BTreeMap<&str, &Value> {
    let all = document["components"].as_array().expect("components");
    let parts = all
        .iter()
        .flat_map(|one| one["components"].as_array().into_iter().flatten());
    let named = all.iter().chain(parts);
    named
        .map(|one| (one["bom-ref"].as_str().expect("a bom-ref"), one))
        .collect()
}

/// What the program reaches without going through the standard library.
fn crates_of_the_program(document: &Value) -> BTreeSet<String> {
    let edges: BTreeMap<&str, Vec<&str>> = document["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter()
        .map(|entry| {
            let on = entry["dependsOn"].as_array().into_iter().flatten();
            (
                entry["ref"].as_str().expect("a ref"),
                on.filter_map(Value::as_str).collect(),
            )
        })
        .collect();
    let mut open = vec!["crate:tinyrust@0.1.0"];
    let mut all = BTreeSet::new();
    while let Some(name) = open.pop() {
        let is_crate = name.starts_with("crate:") && !name.ends_with("#c");
        if is_crate && all.insert(name.trim_start_matches("crate:").to_owned()) {
            open.extend(edges.get(name).into_iter().flatten());
        }
    }
    all
}

/// What cargo's resolver says of the same program.
fn crates_of_cargo(document: &Value) -> BTreeSet<String> {
    let properties = document["metadata"]["properties"]
        .as_array()
        .expect("properties");
    let fact = |name: &str| {
        let property = properties
            .iter()
            .find(|one| one["name"] == format!("tinyrust:{name}"));
        property
            .and_then(|one| one["value"].as_str())
            .expect("a fact of the build")
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([
            "tree",
            "--locked",
            "--quiet",
            "--edges",
            "normal,no-proc-macro",
        ])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p}"])
        .args(["--target", fact("target"), "--no-default-features"])
        .current_dir(root().join("app"));
    if fact("allocator") != "system" {
        cargo.args(["--features", fact("allocator")]);
    }
    let tree = String::from_utf8(run(&mut cargo).stdout).expect("UTF-8");
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        Some(format!("{name}@{}", version.trim_start_matches('v')))
    });
    crates.collect()
}

#[test]
#[ignore = "needs an image: make sbom-check"]
fn the_crates_are_those_that_cargo_resolves_for_the_target() {
    let document = document();
    let listed = crates_of_the_program(&document);
    assert!(listed.len() > 20, "{listed:?}");
    assert_eq!(listed, crates_of_cargo(&document));
}

#[test]
#[ignore = "needs an image: make sbom-check"]
fn every_part_has_a_licence_and_every_crate_one_of_deny_toml() {
    let deny = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let deny: toml::Table = toml::from_str(&deny).expect("TOML");
    let allowed = deny["licenses"]["allow"].as_array().expect("a list");
    let allowed: Vec<spdx::Licensee> = allowed
        .iter()
        .filter_map(|name| spdx::Licensee::parse(name.as_str()?).ok())
        .collect();
    let document = document();
    for (name, one) in components(&document) {
        if one["type"] == "file" || name.ends_with("#c") {
            continue;
        }
        let license = one["licenses"][0]["expression"].as_str();
        let license = license.unwrap_or_else(|| panic!("{name} has no licence"));
        let expression = spdx::Expression::parse(license).expect("an expression");
        let fits = expression.evaluate(|wanted| allowed.iter().any(|one| one.satisfies(wanted)));
        assert!(fits || !name.starts_with("crate:"), "{name}: {license}");
        if name.starts_with("crate:") && one["purl"].is_string() {
            assert_eq!(one["hashes"][0]["alg"], "SHA-256", "{name}");
        }
    }
}

/// The example in docs/sbom.md; `GOLDEN=write make sbom-check` writes it anew.
#[test]
#[ignore = "needs an image: make sbom-check"]
fn the_example_in_the_documentation_is_of_this_image() {
    const BEGIN: &str = "<!-- begin example: make sbom-check -->\n";
    const END: &str = "<!-- end example -->";
    let document = document();
    let components = components(&document);
    // Parts that change only with the compiler and with boards/common/sources.toml.
    let json = ["hashbrown", "busybox"].map(|name| {
        let one = components.values().find(|one| one["name"] == name);
        let one = one.unwrap_or_else(|| panic!("no {name}"));
        serde_json::to_string_pretty(one).expect("JSON")
    });
    let example = format!("```json\n{}\n```\n", json.join(",\n"));
    let path = root().join("docs/sbom.md");
    let text = fs::read_to_string(&path).expect("docs/sbom.md");
    let (before, rest) = text.split_once(BEGIN).expect("where the example begins");
    let (old, after) = rest.split_once(END).expect("where it ends");
    if std::env::var("GOLDEN").is_ok_and(|word| word == "write") {
        let text = format!("{before}{BEGIN}{example}{END}{after}");
        fs::write(&path, text).expect("docs/sbom.md");
        return;
    }
    assert_eq!(
        old, example,
        "`GOLDEN=write make sbom-check` updates docs/sbom.md"
    );
}

#[test]
#[ignore = "needs an image: make sbom-check"]
fn the_parts_that_are_no_crates_have_their_source_and_every_part_its_text() {
    let document = document();
    let components = components(&document);
    for name in ["linux", "u-boot", "busybox", "musl"] {
        let one = components.values().find(|one| one["name"] == name);
        let one = one.unwrap_or_else(|| panic!("no {name}"));
        let source = &one["externalReferences"][0];
        assert_eq!(source["type"], "source-distribution", "{name}");
        assert!(source["hashes"][0]["content"].is_string(), "{name}");
        assert!(one["cpe"].is_string(), "{name}");
    }
    for name in ["libgcc", "rust-std"] {
        assert!(
            components.values().any(|one| one["name"] == name),
            "no {name}"
        );
    }
    let texts = fs::read_to_string(images().join("licences.txt")).expect("licences.txt");
    for wanted in [
        "GNU GENERAL PUBLIC LICENSE",
        "Linux-syscall-note",
        "GCC RUNTIME LIBRARY EXCEPTION",
    ] {
        assert!(texts.contains(wanted), "{wanted}");
    }
    let table = texts.split("\n\n").nth(2).expect("a table");
    assert!(
        !table.contains("no text") && !table.contains("not stated"),
        "{table}"
    );
}
