//! Another CycloneDX document of the same firmware, as Buildroot's `utils/generate-cyclonedx`
//! prints it: what it knows beyond ours, such as patches and the CVEs that they mend.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use crate::document::FIRMWARE;
use crate::upstream;

/// Joins the other document into ours. A component that both have stays one: ours, with what the
/// other adds. What the other has for the build machine stays out; and where ours is `complete`, so
/// does each package of Buildroot's that ours does not have, because no file of it is on the device.
///
/// # Errors
/// When it is not CycloneDX.
pub fn join(ours: &mut Value, other: &Value, complete: bool) -> Result<()> {
    ensure!(
        other["bomFormat"] == "CycloneDX",
        "not a CycloneDX document: `bomFormat` is {}",
        other["bomFormat"]
    );
    let mut names = BTreeMap::new();
    let known = list(ours, "components")?.len();
    for component in other["components"].as_array().into_iter().flatten() {
        let theirs = component
            .as_object()
            .context("a component is not an object")?;
        let old = theirs.get("bom-ref").and_then(Value::as_str);
        let old = old.context("a component has no bom-ref")?;
        if let Some(new) = add(list(ours, "components")?, theirs, complete) {
            names.insert(old.to_owned(), new);
        }
    }
    for entry in other["dependencies"].as_array().into_iter().flatten() {
        let on = entry["dependsOn"].as_array().into_iter().flatten();
        let on: Vec<&String> = on.filter_map(|name| names.get(name.as_str()?)).collect();
        if let Some(name) = entry["ref"].as_str().and_then(|name| names.get(name)) {
            depend(list(ours, "dependencies")?, name, &on);
        }
    }
    let added = list(ours, "components")?.iter().skip(known);
    let added: Vec<String> = added
        .filter_map(|one| one["bom-ref"].as_str().map(str::to_owned))
        .collect();
    depend(
        list(ours, "dependencies")?,
        FIRMWARE,
        &added.iter().collect::<Vec<_>>(),
    );
    for found in other["vulnerabilities"].as_array().into_iter().flatten() {
        let mut found = found.clone();
        let affects = found["affects"].as_array().into_iter().flatten();
        let affects: Vec<Value> = affects
            .filter_map(|entry| names.get(entry["ref"].as_str()?))
            .map(|name| json!({ "ref": name }))
            .collect();
        if !affects.is_empty() {
            found["affects"] = affects.into();
            list(ours, "vulnerabilities")?.push(found);
        }
    }
    Ok(())
}

fn list<'a>(document: &'a mut Value, name: &str) -> Result<&'a mut Vec<Value>> {
    document
        .as_object_mut()
        .context("the document is not an object")?
        .entry(name)
        .or_insert_with(|| json!([]))
        .as_array_mut()
        .with_context(|| format!("`{name}` is not a list"))
}

/// Adds a component, and gives the name that it has in ours; `None` for what is not on the device.
fn add(components: &mut Vec<Value>, theirs: &Map<String, Value>, complete: bool) -> Option<String> {
    let kind = theirs.get("properties").and_then(Value::as_array);
    let is_for = |kind: &&Value| kind["name"] == "BR_TYPE" && kind["value"] != "target";
    let is_package = kind
        .into_iter()
        .flatten()
        .any(|kind| kind["name"] == "BR_TYPE");
    let for_host = kind.into_iter().flatten().any(|kind| is_for(&kind));
    let name = theirs.get("name")?.as_str()?;
    // Without a version it is a choice between packages, and no package.
    if for_host || !theirs.contains_key("version") {
        return None;
    }
    let same = |one: &&mut Value| {
        let library = one["type"] == "library"
            && one["purl"].as_str().unwrap_or("").starts_with("pkg:cargo/");
        one["type"] != "file" && !library && one["name"] == upstream::name(name)
    };
    match components.iter_mut().find(same) {
        Some(one) => {
            let known = one.as_object_mut()?;
            for (key, value) in theirs {
                match (known.get_mut(key), value) {
                    (Some(Value::Array(ours)), Value::Array(theirs))
                        if ["externalReferences", "properties"].contains(&key.as_str()) =>
                    {
                        ours.extend(theirs.iter().cloned());
                    }
                    (Some(_), _) => {}
                    (None, value) => {
                        known.insert(key.clone(), value.clone());
                    }
                }
            }
            Some(one["bom-ref"].as_str()?.to_owned())
        }
        None if complete && is_package => None,
        None => {
            let mut one = Value::Object(theirs.clone());
            let reference = format!("buildroot:{name}@{}", theirs["version"].as_str()?);
            let reference = reference.trim_end_matches('@').to_owned();
            one["bom-ref"] = reference.as_str().into();
            components.push(one);
            Some(reference)
        }
    }
}

fn depend(dependencies: &mut Vec<Value>, name: &str, on: &[&String]) {
    let at = dependencies.iter().position(|entry| entry["ref"] == name);
    let at = at.unwrap_or_else(|| {
        dependencies.push(json!({ "ref": name, "dependsOn": [] }));
        dependencies.len() - 1
    });
    if let Some(known) = dependencies[at]["dependsOn"].as_array_mut() {
        for one in on {
            if !known.iter().any(|has| has == one.as_str()) && name != one.as_str() {
                known.push(one.as_str().into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        json!({
            "components": [
                { "bom-ref": "u-boot@2025.01", "type": "firmware", "name": "u-boot", "version": "2025.01",
                  "licenses": [{ "expression": "GPL-2.0-or-later" }] },
                { "bom-ref": "crate:zlib@1.0.0", "type": "library", "name": "zlib", "purl": "pkg:cargo/zlib@1.0.0" },
            ],
            "dependencies": [{ "ref": "u-boot@2025.01" , "dependsOn": [] }, { "ref": "firmware", "dependsOn": [] }],
        })
    }

    fn theirs() -> Value {
        let target = json!([{ "name": "BR_TYPE", "value": "target" }]);
        json!({
            "bomFormat": "CycloneDX",
            "components": [
                { "bom-ref": "uboot", "type": "library", "name": "uboot", "version": "2025.01",
                  "licenses": [{ "license": { "id": "GPL-2.0+" } }], "pedigree": { "patches": [] }, "properties": target },
                { "bom-ref": "zlib", "type": "library", "name": "zlib", "version": "1.3", "properties": target },
                { "bom-ref": "toolchain", "type": "library", "name": "toolchain", "properties": target },
                { "bom-ref": "host-dtc", "type": "library", "name": "dtc", "version": "1",
                  "properties": [{ "name": "BR_TYPE", "value": "host" }] },
            ],
            "dependencies": [{ "ref": "uboot", "dependsOn": ["host-dtc", "zlib"] }],
            "vulnerabilities": [{ "id": "CVE-1", "affects": [{ "ref": "uboot" }] }, { "id": "CVE-2", "affects": [{ "ref": "host-dtc" }] }],
        })
    }

    #[test]
    fn what_both_have_is_one_and_the_build_machines_is_left_out() {
        let mut document = ours();
        join(&mut document, &theirs(), false).unwrap();
        let components = document["components"].as_array().unwrap();
        let names: Vec<&Value> = components.iter().map(|one| &one["bom-ref"]).collect();
        assert_eq!(
            names,
            ["u-boot@2025.01", "crate:zlib@1.0.0", "buildroot:zlib@1.3"]
        );
        let u_boot = &components[0];
        assert_eq!(u_boot["type"], "firmware");
        assert_eq!(u_boot["licenses"][0]["expression"], "GPL-2.0-or-later");
        assert!(u_boot["pedigree"].is_object());
        assert_eq!(
            document["dependencies"][0]["dependsOn"],
            json!(["buildroot:zlib@1.3"])
        );
        assert_eq!(
            document["dependencies"][1]["dependsOn"],
            json!(["buildroot:zlib@1.3"])
        );
        let found = document["vulnerabilities"].as_array().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["affects"][0]["ref"], "u-boot@2025.01");
    }

    #[test]
    fn a_complete_list_is_not_lengthened_by_packages_that_are_not_on_the_device() {
        let mut document = ours();
        join(&mut document, &theirs(), true).unwrap();
        assert_eq!(document["components"].as_array().unwrap().len(), 2);
        assert!(document["components"][0]["pedigree"].is_object());
    }

    #[test]
    fn another_format_is_refused() {
        let error = join(&mut ours(), &json!({ "spdxVersion": "SPDX-2.3" }), false).unwrap_err();
        assert!(error.to_string().contains("not a CycloneDX"), "{error}");
    }
}
