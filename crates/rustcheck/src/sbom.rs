//! Buildroot's CycloneDX with the crates in it: `utils/generate-cyclonedx` knows packages,
//! and a cargo package is one of them however many crates it holds.

use std::io::Read as _;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::crates::{self, Crate};

/// What is joined.
#[derive(Debug, clap::Args)]
#[group(id = "sbom")]
pub struct Args {
    #[command(flatten)]
    crates: crates::Args,
    /// The Buildroot package that the crates belong to
    #[arg(long)]
    package: String,
}

/// Reads a document, adds the crates, prints it.
///
/// # Errors
/// When the document or a crate cannot be used.
pub fn run(args: &Args) -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut document =
        serde_json::from_str(&text).context("standard input is not a CycloneDX document")?;
    join(
        &mut document,
        &args.package,
        &crates::compiled(&args.crates)?,
    )?;
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}

/// Adds a component for each crate, and the package's dependency on it.
fn join(document: &mut Value, package: &str, crates: &[Crate]) -> Result<()> {
    let references = crates.iter().map(purl).collect::<Vec<_>>();
    let components = document
        .get_mut("components")
        .and_then(Value::as_array_mut)
        .context("the document has no `components`")?;
    let owner = components
        .iter()
        .find(|component| component["name"] == package)
        .and_then(|component| component["bom-ref"].as_str())
        .with_context(|| format!("the document has no package {package}"))?
        .to_owned();
    components.extend(crates.iter().map(component));
    let dependencies = document
        .as_object_mut()
        .context("the document is not an object")?
        .entry("dependencies")
        .or_insert_with(|| json!([]))
        .as_array_mut()
        .context("`dependencies` is not a list")?;
    let entry = match dependencies
        .iter()
        .position(|entry| entry["ref"] == owner.as_str())
    {
        Some(at) => &mut dependencies[at],
        None => {
            dependencies.push(json!({ "ref": owner, "dependsOn": [] }));
            let last = dependencies.len() - 1;
            &mut dependencies[last]
        }
    };
    let depends = entry
        .as_object_mut()
        .context("a dependency is not an object")?
        .entry("dependsOn")
        .or_insert_with(|| json!([]));
    depends
        .as_array_mut()
        .context("`dependsOn` is not a list")?
        .extend(references.into_iter().map(Value::from));
    Ok(())
}

/// The package URL (purl-spec, type `cargo`).
fn purl(one: &Crate) -> String {
    format!("pkg:cargo/{}@{}", one.name, one.version.replace('+', "%2B"))
}

fn component(one: &Crate) -> Value {
    let mut value = json!({
        "bom-ref": purl(one),
        "type": "library",
        "name": one.name,
        "version": one.version,
        "purl": purl(one),
    });
    if one.license != "unknown" {
        // Old crates write `MIT/Apache-2.0`, which is no SPDX expression.
        value["licenses"] = json!([{ "expression": one.license.replace('/', " OR ") }]);
    }
    if let Some(sum) = &one.sha256 {
        value["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates() -> Vec<Crate> {
        vec![Crate {
            name: "wasi".into(),
            version: "0.11.0+wasi".into(),
            license: "MIT/Apache-2.0".into(),
            folder: "x".into(),
            sha256: Some("ab".into()),
        }]
    }

    #[test]
    fn crates_become_components_that_the_package_depends_on() {
        let mut document = json!({
            "components": [{ "bom-ref": "tinyrust", "name": "tinyrust" }],
            "dependencies": [{ "ref": "tinyrust", "dependsOn": ["musl"] }],
        });
        join(&mut document, "tinyrust", &crates()).unwrap();
        let added = &document["components"][1];
        assert_eq!(added["purl"], "pkg:cargo/wasi@0.11.0%2Bwasi");
        assert_eq!(added["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(added["hashes"][0]["content"], "ab");
        assert_eq!(
            document["dependencies"][0]["dependsOn"],
            json!(["musl", added["bom-ref"]])
        );
    }

    #[test]
    fn a_package_that_is_not_in_the_document_is_an_error() {
        let mut document = json!({ "components": [] });
        let error = join(&mut document, "tinyrust", &crates()).unwrap_err();
        assert!(error.to_string().contains("no package tinyrust"), "{error}");
    }
}
