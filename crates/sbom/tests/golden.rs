//! The whole of both files for a small firmware. `GOLDEN=write cargo test -p sbom` writes them
//! anew after a change that is wanted.

use std::fs;
use std::path::PathBuf;

use sbom::foreign::Package;
use sbom::{Component, Firmware, Image, Inventory, Kind, Source, Text, document, notices};

fn texts(text: &str) -> Vec<Text> {
    vec![Text {
        file: "LICENSE".to_owned(),
        text: text.to_owned(),
    }]
}

fn inventory() -> Inventory {
    let lamp = Component {
        reference: "crate:lamp@0.1.0".to_owned(),
        kind: Kind::Application,
        name: "lamp".to_owned(),
        version: "0.1.0".to_owned(),
        license: "MIT".to_owned(),
        uses: vec!["crate:light@2.0.0".to_owned(), "rust-std@1.95.0".to_owned()],
        texts: texts("do as you like"),
        ..Component::default()
    };
    let light = Component {
        reference: "crate:light@2.0.0".to_owned(),
        name: "light".to_owned(),
        version: "2.0.0".to_owned(),
        license: "0BSD OR MIT".to_owned(),
        purl: Some("pkg:cargo/light@2.0.0".to_owned()),
        sha256: Some("b".repeat(64)),
        repository: "https://example.org/light".to_owned(),
        authors: "A. Nobody <a@example.org>:B. Nobody".to_owned(),
        features: vec!["bright".to_owned(), "warm".to_owned()],
        uses: vec!["rust-std@1.95.0".to_owned()],
        parts: vec![Component {
            reference: "crate:light@2.0.0#c".to_owned(),
            name: "bulb".to_owned(),
            version: "3.1".to_owned(),
            note: "C code in the crate light".to_owned(),
            ..Component::default()
        }],
        texts: texts("do  as\nyou like"),
        ..Component::default()
    };
    let std = Component {
        reference: "rust-std@1.95.0".to_owned(),
        name: "rust-std".to_owned(),
        version: "1.95.0".to_owned(),
        license: "0BSD".to_owned(),
        ..Component::default()
    };
    Inventory {
        schema: "tinyrust-inventory/1".to_owned(),
        programs: vec!["lamp".to_owned()],
        components: vec![lamp, light, std],
    }
}

fn firmware() -> Firmware {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut firmware = Firmware::new(Image {
        name: "lamp-board".to_owned(),
        version: "0123456789ab".to_owned(),
        facts: [("builder", "direct"), ("target", "t")].map(pair).into(),
        files: [("flash.bin", &*"f".repeat(64))].map(pair).into(),
    });
    let source = |version: &str| Source {
        version: version.to_owned(),
        archive: Some(format!("source-{version}.tar.xz")),
        sha256: Some("5".repeat(64)),
    };
    firmware.add_source("musl", &source("1.2.5"));
    firmware.add_source("busybox", &source("1.37.0"));
    firmware.add_inventory(&inventory());
    let package = |name: &str, license: &str| Package {
        name: name.to_owned(),
        version: "7".to_owned(),
        license: license.to_owned(),
        recipe: Some(name.to_owned()),
        ..Package::default()
    };
    for package in [
        package("busybox-tinyrust", "GPL-2.0-only & bzip2-1.0.4"),
        package("lamp", "CLOSED"),
        package("base-files", "0BSD"),
    ] {
        firmware.add_package("yocto", package);
    }
    for one in &mut firmware.components {
        // What SPDX's list says of them is long.
        if one.texts.is_empty() && one.license != "0BSD" && one.kind != Kind::File {
            one.texts = texts("of upstream");
        }
    }
    firmware.finish();
    firmware
}

fn compare(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var("GOLDEN").is_ok_and(|word| word == "write") {
        fs::write(&path, found).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap();
    assert!(
        wanted == found,
        "{} differs from what is written now:\n{found}",
        path.display()
    );
}

#[test]
fn the_document_is_as_it_was() {
    let document = document::of(&firmware(), Some(1_796_083_199));
    compare("sbom.cdx.json", &document::to_text(document).unwrap());
}

#[test]
fn the_licence_texts_are_as_they_were() {
    compare("licences.txt", &notices::of(&firmware()));
}
