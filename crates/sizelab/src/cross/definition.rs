//! Container definitions: one for each Rust target of the boards, and nothing that names a board.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use buildkit::checkout::Repo;
use rustcheck::record;

/// What every container needs: procedural macros and build scripts are compiled and linked for
/// the machine that compiles.
const HOST_PACKAGES: [&str; 2] = ["gcc", "libc6-dev"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub target: String,
    pub boards: BTreeSet<String>,
    /// The Debian packages in the container, besides the essential ones.
    pub packages: BTreeSet<String>,
}

/// The definitions, by their targets, from boards/*/board.toml: `[rust] target` and `[cc]
/// packages`.
pub fn all(repo: &Repo) -> Result<Vec<Definition>> {
    let mut found: BTreeMap<String, Definition> = BTreeMap::new();
    for name in repo.boards()? {
        let board = repo.board(&name)?;
        let (Some(rust), Some(cc)) = (board.rust, board.cc) else {
            continue;
        };
        let definition = found
            .entry(rust.target.clone())
            .or_insert_with(|| Definition {
                target: rust.target,
                boards: BTreeSet::new(),
                packages: HOST_PACKAGES.map(str::to_owned).into(),
            });
        definition.boards.insert(name);
        definition.packages.extend(cc.packages);
    }
    Ok(found.into_values().collect())
}

pub fn of(repo: &Repo, target: &str) -> Result<Definition> {
    all(repo)?
        .into_iter()
        .find(|definition| definition.target == target)
        .with_context(|| format!("no board has the target {target} and a [cc] table"))
}

impl Definition {
    pub fn image(&self) -> String {
        format!("localhost/tinyrust-cross:{}", self.target)
    }
}

pub fn cross_toml(definitions: &[Definition]) -> String {
    let mut text = String::from(
        "# Generated from boards/*/board.toml by `cargo xtask generate`; CI fails if it is \
         stale.\n# `cargo xtask cross` builds the images; see docs/cross.md.\n\n[build]\n# \
         Cargo builds the standard library itself.\nxargo = false\n",
    );
    for definition in definitions {
        let Definition {
            target, packages, ..
        } = definition;
        let packages = packages.iter().map(String::as_str).collect::<Vec<_>>();
        text += &format!(
            "\n# Debian packages: {}\n[target.{target}]\nimage = \"{}\"\n\n\
             [target.{target}.env]\npassthrough = [\n",
            packages.join(" "),
            definition.image(),
        );
        for variable in variables(target) {
            text += &format!("  \"{variable}\",\n");
        }
        text += "]\n";
    }
    text
}

/// What of the environment the container's cargo gets to see: what decides how it compiles.
pub fn variables(target: &str) -> Vec<String> {
    let lower = target.replace(['-', '.'], "_");
    let mut all = [
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_NET_OFFLINE",
        "RUSTC_BOOTSTRAP",
        "RUSTC_WRAPPER",
        "SOURCE_DATE_EPOCH",
        "TINYRUST_GIT_REVISION",
        "TINYRUST_PROFILE",
        record::VARIABLE,
        "TINYRUST_TARGET",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(format!("CARGO_TARGET_{}_LINKER", lower.to_uppercase()));
    all.extend(["CC", "AR", "CFLAGS"].map(|name| format!("{name}_{lower}")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::DEFAULT_BOARD;

    #[test]
    fn every_board_is_served_by_the_definition_of_its_target() {
        let repo = Repo::find().unwrap();
        for name in repo.boards().unwrap() {
            let board = repo.board(&name).unwrap();
            let definition = of(&repo, &board.rust.unwrap().target).unwrap();
            assert!(definition.boards.contains(&name));
            for package in board.cc.unwrap().packages {
                assert!(definition.packages.contains(&package), "{name}: {package}");
            }
            assert!(definition.packages.contains("gcc"));
        }
        let error = of(&repo, "m68k-unknown-linux-gnu").unwrap_err();
        assert!(error.to_string().contains("m68k"), "{error}");
    }

    #[test]
    fn cross_toml_has_each_target_once_and_is_toml() {
        let repo = Repo::find().unwrap();
        let definitions = all(&repo).unwrap();
        let table: toml::Table = toml::from_str(&cross_toml(&definitions)).unwrap();
        let targets = table["target"].as_table().unwrap();
        assert_eq!(targets.len(), definitions.len());
        let target = repo.board(DEFAULT_BOARD).unwrap().rust.unwrap().target;
        assert_eq!(
            targets[&target]["image"].as_str().unwrap(),
            format!("localhost/tinyrust-cross:{target}")
        );
    }

    #[test]
    fn what_the_direct_build_is_told_reaches_the_container() {
        let target = "armv7-unknown-linux-musleabihf";
        let variables = variables(target);
        for name in [
            "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_MUSLEABIHF_LINKER",
            "CC_armv7_unknown_linux_musleabihf",
            "CARGO_ENCODED_RUSTFLAGS",
        ] {
            assert!(variables.iter().any(|variable| variable == name), "{name}");
        }
    }
}
