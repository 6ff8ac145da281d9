//! The profiles of a Cargo.toml.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::verify::Lto;

/// What cargo's `release` profile has where the manifest says nothing (The Cargo Book,
/// "Profiles"). All of it is said to cargo: a builder's environment may have another opinion.
const RELEASE: [(&str, &str); 9] = [
    ("opt-level", "3"),
    ("debug", "false"),
    ("strip", "false"),
    ("debug-assertions", "false"),
    ("overflow-checks", "false"),
    ("lto", "false"),
    ("panic", "\"unwind\""),
    ("incremental", "false"),
    ("codegen-units", "16"),
];

/// The settings of a profile with all that it inherits, complete.
///
/// # Errors
/// When the profile is not there, or does not come from `release`.
pub(super) fn settings(manifest: &toml::Table, name: &str) -> Result<toml::Table> {
    let empty = toml::Table::new();
    let profiles = manifest
        .get("profile")
        .and_then(toml::Value::as_table)
        .unwrap_or(&empty);
    // From the profile to its ancestors; a setting of a later one does not count any more.
    let mut settings = toml::Table::new();
    let mut at = name.to_owned();
    let mut seen = Vec::new();
    loop {
        if seen.contains(&at) {
            bail!("[profile.{at}] inherits from itself");
        }
        seen.push(at.clone());
        let table = profiles.get(&at).and_then(toml::Value::as_table);
        for (key, value) in table.into_iter().flatten() {
            settings.entry(key.clone()).or_insert(value.clone());
        }
        let parent = table.and_then(|table| table.get("inherits")?.as_str());
        match parent {
            Some(parent) => at = parent.to_owned(),
            None if at == "release" => break,
            None => bail!(
                "[profile.{at}] is not in app/Cargo.toml, or inherits nothing: make it inherit \
                 release"
            ),
        }
    }
    settings.remove("inherits");
    for (name, value) in RELEASE {
        let value = || value.parse().unwrap_or(toml::Value::String(value.into()));
        settings.entry(name).or_insert_with(value);
    }
    Ok(settings)
}

/// The link-time optimization that settings ask for.
pub(super) fn lto(settings: &toml::Table) -> Lto {
    match settings.get("lto").map(word).as_deref() {
        Some("true" | "fat") => Lto::Fat,
        Some("thin") => Lto::Thin,
        _ => Lto::Off,
    }
}

/// The `-C` options that follow from settings.
pub(super) fn codegen(settings: &toml::Table) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    for (setting, option) in [
        ("opt-level", "opt-level"),
        ("codegen-units", "codegen-units"),
        ("panic", "panic"),
        ("debug", "debuginfo"),
        ("debug-assertions", "debug-assertions"),
        ("overflow-checks", "overflow-checks"),
        ("rpath", "rpath"),
        ("strip", "strip"),
    ] {
        let Some(value) = settings.get(setting).map(word) else {
            continue;
        };
        let value = match (setting, value.as_str()) {
            ("debug", "none" | "false") => "0",
            ("debug", "limited") => "1",
            ("debug", "full" | "true") => "2",
            ("strip", "true") => "symbols",
            ("strip", "false") => "none",
            (_, other) => other,
        };
        options.insert(option.to_owned(), value.to_owned());
    }
    options
}

fn word(value: &toml::Value) -> String {
    match value {
        toml::Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [profile.release]
        lto = "thin"
        codegen-units = 1
        [profile.tiny]
        inherits = "release"
        opt-level = "z"
        lto = "fat"
        panic = "abort"
        [profile.tiny-diag]
        inherits = "tiny"
        debug = "line-tables-only"
        [profile.dev]
        [profile.lost]
        inherits = "nowhere"
        [profile.circle]
        inherits = "circle"
    "#;

    fn of(name: &str) -> Result<toml::Table> {
        settings(&toml::from_str(MANIFEST).unwrap(), name)
    }

    fn options(name: &str) -> Vec<String> {
        let options = codegen(&of(name).unwrap());
        let said = options.iter().map(|(n, v)| format!("{n}={v}"));
        said.collect()
    }

    #[test]
    fn a_profile_has_what_it_inherits_and_says_over_it() {
        assert_eq!(lto(&of("tiny-diag").unwrap()), Lto::Fat);
        assert_eq!(
            options("tiny-diag"),
            [
                "codegen-units=1",
                "debug-assertions=false",
                "debuginfo=line-tables-only",
                "opt-level=z",
                "overflow-checks=false",
                "panic=abort",
                "strip=none"
            ]
        );
    }

    #[test]
    fn what_the_manifest_leaves_out_is_cargos_own() {
        let bare = settings(&toml::Table::new(), "release").unwrap();
        assert_eq!(bare.len(), RELEASE.len());
        assert_eq!(lto(&bare), Lto::Off);
        for said in [
            "codegen-units=16",
            "debuginfo=0",
            "opt-level=3",
            "panic=unwind",
        ] {
            let options = codegen(&bare);
            let (name, value) = said.split_once('=').unwrap();
            assert_eq!(options[name], value);
        }
        assert_eq!(lto(&of("release").unwrap()), Lto::Thin);
    }

    #[test]
    fn a_profile_that_does_not_come_from_release_is_an_error() {
        for name in ["lost", "absent", "dev", "circle"] {
            assert!(of(name).is_err(), "{name}");
        }
    }
}
