//! CycloneDX 1.6 (ECMA-424), as JSON.
//!
//! The same firmware gives the same bytes: there is no time in it but `SOURCE_DATE_EPOCH`, and the
//! serial number follows from the content.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::component::{Component, Kind};
use crate::firmware::Firmware;
use crate::licence;

/// What the document calls the firmware.
pub const FIRMWARE: &str = "firmware";

/// The document of a firmware. `epoch` is the time that it shows, in seconds since 1970.
pub fn of(firmware: &Firmware, epoch: Option<u64>) -> Value {
    let image = &firmware.image;
    let properties = image
        .facts
        .iter()
        .map(|(name, value)| json!({ "name": format!("tinyrust:{name}"), "value": value }));
    let mut metadata = json!({
        "lifecycles": [{ "phase": "build" }],
        "tools": { "components": [{
            "type": "application",
            "name": "imagekit",
            "version": env!("CARGO_PKG_VERSION"),
        }] },
        "component": {
            "bom-ref": FIRMWARE,
            "type": "firmware",
            "name": image.name,
            "version": image.version,
        },
        "properties": properties.collect::<Vec<_>>(),
    });
    if let Some(epoch) = epoch {
        metadata["timestamp"] = time(epoch).into();
    }
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": firmware.components.iter().map(component).collect::<Vec<_>>(),
        "dependencies": dependencies(firmware),
        "compositions": [composition(firmware)],
    })
}

/// The document's text, with the serial number of its content.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn to_text(mut document: Value) -> Result<String> {
    let content = serde_json::to_vec(&document)?;
    document["serialNumber"] = format!("urn:uuid:{}", uuid(&Sha256::digest(content))).into();
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn component(one: &Component) -> Value {
    let mut value = json!({
        "bom-ref": one.reference,
        "type": one.kind,
        "name": one.name,
    });
    let texts = [("version", &one.version), ("description", &one.note)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        value[name] = text.as_str().into();
    }
    for (name, text) in [("purl", &one.purl), ("cpe", &one.cpe)] {
        if let Some(text) = text {
            value[name] = text.as_str().into();
        }
    }
    if let Some(licenses) = licenses(one) {
        value["licenses"] = licenses;
    }
    let hashes = one
        .sha256
        .iter()
        .map(|sum| json!({ "alg": "SHA-256", "content": sum }));
    let hashes: Vec<Value> = hashes.collect();
    let mut references = Vec::new();
    match &one.archive {
        // The hash is not the component's, but that of what its source came in.
        Some(archive) => references
            .push(json!({ "type": "source-distribution", "url": archive, "hashes": hashes })),
        None if !hashes.is_empty() => value["hashes"] = hashes.into(),
        None => {}
    }
    let is_address = |text: &str| text.contains("://") && !text.contains(char::is_whitespace);
    if is_address(&one.repository) {
        references.push(json!({ "type": "vcs", "url": one.repository }));
    }
    if !references.is_empty() {
        value["externalReferences"] = references.into();
    }
    let authors = one.authors.split(':').filter_map(|author| {
        let name = author.split('<').next().unwrap_or_default().trim();
        (!name.is_empty()).then(|| json!({ "name": name }))
    });
    let authors: Vec<Value> = authors.collect();
    if !authors.is_empty() {
        value["authors"] = authors.into();
    }
    if !one.features.is_empty() {
        let features = one.features.join(" ");
        value["properties"] = json!([{ "name": "tinyrust:features", "value": features }]);
    }
    if !one.parts.is_empty() {
        value["components"] = one.parts.iter().map(component).collect();
    }
    value
}

/// An expression, or the name of what is none.
fn licenses(one: &Component) -> Option<Value> {
    if let Some(expression) = licence::canonical(&one.license) {
        return Some(json!([{ "expression": expression }]));
    }
    let name = match (one.license.as_str(), one.texts.first()) {
        ("", Some(text)) => format!("as in {}", text.file),
        ("", None) => return None,
        (text, _) => text.to_owned(),
    };
    Some(json!([{ "license": { "name": name } }]))
}

/// Who uses whom; the firmware is made of everything that nothing in it uses.
fn dependencies(firmware: &Firmware) -> Vec<Value> {
    let all = &firmware.components;
    let parts = all.iter().flat_map(|one| one.parts.iter());
    let known: BTreeSet<&str> = all.iter().chain(parts).map(|one| &*one.reference).collect();
    let used: BTreeSet<&str> = all
        .iter()
        .flat_map(|one| one.uses.iter().map(String::as_str))
        .collect();
    let top: Vec<&str> = all
        .iter()
        .map(|one| &*one.reference)
        .filter(|reference| !used.contains(reference))
        .collect();
    let mut list = vec![json!({ "ref": FIRMWARE, "dependsOn": top })];
    for one in all {
        let uses = one.uses.iter().filter(|used| known.contains(used.as_str()));
        list.push(json!({ "ref": one.reference, "dependsOn": uses.collect::<Vec<_>>() }));
    }
    list
}

/// How much of the firmware the document knows.
fn composition(firmware: &Firmware) -> Value {
    if !firmware.unknown.is_empty() {
        return json!({ "aggregate": "incomplete", "assemblies": [FIRMWARE] });
    }
    let programs = firmware.components.iter();
    let programs =
        programs.filter(|one| one.kind == Kind::Application && one.reference.starts_with("crate:"));
    let programs: Vec<&str> = programs.map(|one| &*one.reference).collect();
    json!({ "aggregate": "complete", "dependencies": programs })
}

/// A UUID of version 8: a hash of one's own (RFC 9562, section 5.8 and appendix B.2).
fn uuid(hash: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| hex[part].to_owned()).join("-")
}

/// A time as RFC 3339 has it, in UTC ("chrono-Compatible Low-Level Date Algorithms", Hinnant:
/// `civil_from_days`).
fn time(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::Image;

    #[test]
    fn a_time_is_written_as_date_writes_it() {
        // `date -u -d @N +%FT%TZ`
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(time(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(time(1_796_083_199), "2026-11-30T23:59:59Z");
    }

    #[test]
    fn the_serial_number_follows_from_the_content() {
        let text = |version: &str| {
            let image = Image {
                version: version.to_owned(),
                ..Image::default()
            };
            to_text(of(&Firmware::new(image), None)).unwrap()
        };
        assert_eq!(text("a"), text("a"));
        assert_ne!(text("a"), text("b"));
        let value: Value = serde_json::from_str(&text("a")).unwrap();
        let number = value["serialNumber"].as_str().unwrap();
        assert_eq!(number.len(), "urn:uuid:".len() + 36);
        assert_eq!(&number[23..24], "8", "the version in {number}");
    }

    #[test]
    fn a_licence_that_is_no_expression_is_a_name() {
        let one = |license: &str| {
            let one = Component {
                license: license.to_owned(),
                ..Component::default()
            };
            component(&one)["licenses"].clone()
        };
        assert_eq!(one("MIT/Apache-2.0")[0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(
            one("GPL, with a wink")[0]["license"]["name"],
            "GPL, with a wink"
        );
        assert_eq!(one(""), Value::Null);
    }
}
