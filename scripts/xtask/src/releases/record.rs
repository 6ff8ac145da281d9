//! docs/measurements/releases.json, and the table that it makes.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use buildkit::checkout::Repo;
use buildkit::files::{read_json, to_json, write_whole};
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

const PATH: &str = "docs/measurements/releases.json";
const SCHEMA: &str = "tinyrust-releases/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: String,
    releases: BTreeMap<String, Release>,
}

/// A release and what was shown with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    /// The Rust that it brings.
    pub(super) rust: String,
    stages: BTreeMap<Stage, Outcome>,
}

/// How far something came; the order is that of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    Loads,
    Plans,
    Builds,
    Boots,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Loads, Self::Plans, Self::Builds, Self::Boots];

    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Loads => "loads",
            Self::Plans => "plans",
            Self::Builds => "builds",
            Self::Boots => "boots",
        }
    }
}

/// What came of it the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Shown(Shown),
    Failed(Shown),
}

/// What ran when, and of which revision of this tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    pub(super) what: String,
    pub(super) date: String,
    pub(super) revision: String,
}

impl Release {
    pub(super) fn of_rust(rust: &str) -> Self {
        Self {
            rust: rust.to_owned(),
            stages: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, stage: Stage, outcome: Outcome) {
        self.stages.insert(stage, outcome);
    }
}

/// Changes what the file says; it begins with no release.
pub(super) fn change(
    repo: &Repo,
    change: impl FnOnce(&mut BTreeMap<String, Release>),
) -> Result<()> {
    let mut releases = load(repo)?;
    change(&mut releases);
    let content = Content {
        schema: SCHEMA.to_owned(),
        releases,
    };
    write_whole(&repo.path(PATH), to_json(&content)?)
}

/// Adds what somebody ran by hand to a release that is in the file.
pub(super) fn by_hand(repo: &Repo, release: &str, stage: Stage, outcome: Outcome) -> Result<()> {
    let known = load(repo)?;
    let names = known.keys().cloned().collect::<Vec<_>>().join(", ");
    ensure!(
        known.contains_key(release),
        "{PATH} has no release {release}, only: {names}; add one with BUILDROOTS=<checkout> or \
         OEROOTS=<checkout>"
    );
    change(repo, |all| {
        if let Some(entry) = all.get_mut(release) {
            entry.add(stage, outcome);
        }
    })
}

fn load(repo: &Repo) -> Result<BTreeMap<String, Release>> {
    let path = repo.path(PATH);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let content: Content = read_json(&path)?;
    ensure!(
        content.schema == SCHEMA,
        "{PATH} is {}, and this command writes {SCHEMA}",
        content.schema
    );
    Ok(content.releases)
}

/// The table of one builder's document: the releases whose name begins with the builder's.
///
/// # Errors
/// When the file cannot be read.
pub fn block(repo: &Repo, builder: &str) -> Result<String> {
    let mut releases = load(repo)?;
    releases.retain(|name, _| name.starts_with(builder));
    Ok(table(&releases).markdown())
}

fn table(releases: &BTreeMap<String, Release>) -> Table {
    let columns = Stage::ALL.map(Stage::verb);
    let columns: Vec<&str> = ["release", "Rust"].into_iter().chain(columns).collect();
    let mut table = Table::new(&columns);
    for (name, release) in releases {
        let cells = Stage::ALL.map(|stage| cell(release.stages.get(&stage)));
        let all = [name.clone(), release.rust.clone()]
            .into_iter()
            .chain(cells)
            .collect::<Vec<_>>();
        let all = all.iter().map(|cell| cell as &dyn std::fmt::Display);
        table.row(&all.collect::<Vec<_>>());
    }
    table
}

fn cell(outcome: Option<&Outcome>) -> String {
    let (begin, shown) = match outcome {
        None => return "not shown".to_owned(),
        Some(Outcome::Shown(shown)) => ("", shown),
        Some(Outcome::Failed(shown)) => ("**fails**: ", shown),
    };
    let Shown {
        what,
        date,
        revision,
    } = shown;
    format!("{begin}{what} ({date}, {revision})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_says_how_far_it_came_when_and_what_failed() {
        let shown = |what: &str| Shown {
            what: what.to_owned(),
            date: "2026-09-01".to_owned(),
            revision: "abc1234".to_owned(),
        };
        let mut old = Release::of_rust("1.60.0");
        old.add(Stage::Loads, Outcome::Shown(shown("7 defconfigs")));
        old.add(Stage::Plans, Outcome::Failed(shown("needs Rust 1.88")));
        let releases = BTreeMap::from([("Buildroot 2022.02".to_owned(), old)]);
        let text = table(&releases).markdown();
        assert_eq!(
            text.lines().last().unwrap(),
            "| Buildroot 2022.02 | 1.60.0 | 7 defconfigs (2026-09-01, abc1234) | \
             **fails**: needs Rust 1.88 (2026-09-01, abc1234) | not shown | not shown |"
        );
    }
}
