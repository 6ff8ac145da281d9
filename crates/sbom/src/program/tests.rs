use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::*;

/// A build of `lamp`, which uses `serde` (vendored), `light` (of a registry, in the lock) and std;
/// another program of it uses `other`.
struct Site {
    folder: tempfile::TempDir,
    lines: Vec<String>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines = Vec::new();
        Self { folder, lines }
    }

    fn package(&self, place: &str, license_file: bool) -> PathBuf {
        let folder = self.folder.path().join(place);
        fs::create_dir_all(folder.join("src")).unwrap();
        if license_file {
            fs::write(folder.join("LICENSE"), format!("the text of {place}")).unwrap();
        }
        folder
    }

    /// A call that compiled a crate: its place, unit, licence and what it uses.
    fn call(&mut self, place: &str, unit: &str, license: &str, uses: &[&str], more: &[&str]) {
        let folder = self.folder.path().join(place);
        let source = folder.join("src/lib.rs").display().to_string();
        let mut args = ["--crate-name", unit, &source, "--target", "t"]
            .map(str::to_owned)
            .to_vec();
        args.push(format!("-Cextra-filename=-{}", unit.len()));
        for used in uses {
            args.push("--extern".to_owned());
            args.push(format!("{used}=/t/lib{used}-{}.rmeta", used.len()));
        }
        args.extend(more.iter().map(|&word| word.to_owned()));
        let name = place.rsplit('/').next().unwrap();
        let (name, version) = name.rsplit_once('-').unwrap_or((name, "0.1.0"));
        let package =
            json!({ "folder": folder, "name": name, "version": version, "license": license });
        self.lines
            .push(json!({ "args": args, "package": package }).to_string() + "\n");
    }

    fn inventory(&self, programs: &[&str]) -> Result<Inventory> {
        let record = self.folder.path().join("rustc.jsonl");
        fs::write(&record, self.lines.concat()).unwrap();
        let programs: Vec<String> = programs.iter().map(|&name| name.to_owned()).collect();
        let request = Request {
            target: "t",
            programs: &programs,
            rust: "1.95.0",
        };
        inventory(&record, &request)
    }
}

const STD: &str = "s/lib/rustlib/src/rust/library";

fn site() -> Site {
    let mut site = Site::new();
    let serde = site.package("vendor/serde-1.0.1", true);
    fs::write(
        serde.join(".cargo-checksum.json"),
        r#"{"files":{},"package":"aa"}"#,
    )
    .unwrap();
    site.package("registry/light-2.0.0+x", true);
    site.package("registry/other-3.0.0", true);
    let lamp = site.package("lamp", true);
    let lock = r#"
        [[package]]
        name = "lamp"
        version = "0.1.0"
        [[package]]
        name = "light"
        version = "2.0.0+x"
        source = "registry+https://x"
        checksum = "bb"
        [[package]]
        name = "other"
        version = "3.0.0"
        source = "registry+https://x"
        checksum = "cc"
    "#;
    fs::write(lamp.join("Cargo.lock"), lock).unwrap();
    for name in ["core", "std", "proc_macro"] {
        site.package(&format!("{STD}/{name}"), false);
    }
    fs::write(
        site.folder.path().join("s/lib/rustlib/src/rust/COPYRIGHT"),
        "rust",
    )
    .unwrap();
    site.call(
        &format!("{STD}/core"),
        "core",
        "MIT OR Apache-2.0",
        &[],
        &[],
    );
    site.call(
        &format!("{STD}/std"),
        "std",
        "MIT OR Apache-2.0",
        &["core"],
        &[],
    );
    site.call(
        &format!("{STD}/proc_macro"),
        "proc_macro",
        "MIT",
        &["std"],
        &[],
    );
    site.call(
        "vendor/serde-1.0.1",
        "serde",
        "MIT/Apache-2.0",
        &["std", "proc_macro"],
        &["--cfg", "feature=\"alloc\""],
    );
    site.call(
        "registry/light-2.0.0+x",
        "light",
        "Zlib",
        &["serde", "std"],
        &[],
    );
    site.call("registry/other-3.0.0", "other", "ISC", &["std"], &[]);
    site.call(
        "lamp",
        "lamp",
        "",
        &["light", "serde", "std"],
        &["--crate-type", "bin"],
    );
    site.call(
        "lamp",
        "lamp_test",
        "",
        &["other", "std"],
        &["--crate-type", "bin"],
    );
    site
}

fn references(inventory: &Inventory) -> Vec<&str> {
    let all = inventory.components.iter();
    all.map(|one| one.reference.as_str()).collect()
}

#[test]
fn what_the_program_uses_is_listed_and_what_only_another_uses_is_not() {
    let site = site();
    let found = site.inventory(&["lamp"]).unwrap();
    let lamp = [
        "crate:lamp@0.1.0",
        "crate:light@2.0.0+x",
        "crate:serde@1.0.1",
        "rust-std@1.95.0",
    ];
    assert_eq!(references(&found), lamp);
    assert_eq!(found.programs, ["lamp"]);
    assert_eq!(site.inventory(&[]).unwrap().components.len(), 5);
}

#[test]
fn a_crate_has_its_licence_checksum_and_place_in_the_graph() {
    let found = site().inventory(&["lamp"]).unwrap();
    let [lamp, light, serde, std] = &found.components[..] else {
        panic!("{found:?}");
    };
    assert_eq!((lamp.kind, lamp.purl.as_deref()), (Kind::Application, None));
    assert_eq!(
        lamp.uses,
        [
            "crate:light@2.0.0+x",
            "crate:serde@1.0.1",
            "rust-std@1.95.0"
        ]
    );
    assert_eq!(light.purl.as_deref(), Some("pkg:cargo/light@2.0.0%2Bx"));
    assert_eq!(light.sha256.as_deref(), Some("bb"));
    assert_eq!(
        (serde.sha256.as_deref(), &*serde.license),
        (Some("aa"), "MIT OR Apache-2.0")
    );
    assert_eq!(serde.features, ["alloc"]);
    assert_eq!(serde.uses, ["rust-std@1.95.0"]);
    assert_eq!(serde.texts[0].text, "the text of vendor/serde-1.0.1");
    let parts: Vec<&str> = std.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["core", "std"]);
    assert!(std.parts.iter().all(|part| part.version == "1.95.0"));
    assert_eq!(std.texts[0].text, "rust");
}

#[test]
fn a_standard_library_that_was_not_rebuilt_is_listed_without_its_crates() {
    let mut site = Site::new();
    site.package("lamp", true);
    site.call("lamp", "lamp", "MIT", &[], &["--crate-type", "bin"]);
    let found = site.inventory(&[]).unwrap();
    assert_eq!(references(&found), ["crate:lamp@0.1.0", "rust-std@1.95.0"]);
    assert_eq!(found.components[0].uses, ["rust-std@1.95.0"]);
    assert!(found.components[1].note.contains("not recorded"));
}

#[test]
fn a_crate_of_others_without_a_licence_is_an_error_that_says_what_to_do() {
    let mut site = site();
    let folder = site.package("vendor/odd-1.0.0", false);
    fs::write(folder.join(".cargo-checksum.json"), r#"{"package":"dd"}"#).unwrap();
    site.call("vendor/odd-1.0.0", "odd", "", &[], &[]);
    site.call("lamp", "lamp", "", &["odd"], &["--crate-type", "bin"]);
    let error = format!("{:#}", site.inventory(&["lamp"]).unwrap_err());
    for wanted in ["odd 1.0.0", "LICENSE", "patch.crates-io"] {
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn a_program_that_was_not_linked_is_named_with_those_that_were() {
    let error = format!("{:#}", site().inventory(&["torch"]).unwrap_err());
    assert!(
        error.contains("no program torch; linked: lamp, lamp_test"),
        "{error}"
    );
}

#[test]
fn a_record_of_an_older_imagekit_is_refused() {
    let mut site = Site::new();
    let args = [
        "--crate-name",
        "a",
        "a.rs",
        "--target",
        "t",
        "--crate-type",
        "bin",
    ];
    site.lines.push(json!({ "args": args }).to_string() + "\n");
    let error = format!("{:#}", site.inventory(&[]).unwrap_err());
    assert!(error.contains("older imagekit"), "{error}");
}
