//! What changed between two reports, node by node.
//!
//! Nodes are matched by kind and name along the path, then by names without what a compiler
//! numbers. The changes of the children of a node always add up to its own change, to
//! the byte. Erased flash is left out: a node's size is what it uses.
//!
//! A compressor prices a byte by its neighbours, so that a change in one function moves the cost
//! of others by a few bytes. Such changes are marked as [`Noise`].

mod compare;
mod level;
mod limit;
mod markdown;
mod names;
mod noise;
mod table;
mod view;

use serde::Serialize;

use crate::report::{Kind, Method, Report};
use board::units::Bytes;

pub use level::{Level, NoiseSum, Row, Rows};
pub use limit::{NotFound, growth_of};
pub use markdown::markdown;
pub use noise::Noise;
pub use table::table;
pub use view::View;

/// The version of the JSON form.
pub const SCHEMA: &str = "flashfit-diff/1";

/// What changed from one report to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// [`SCHEMA`]
    pub schema: &'static str,
    /// The first report.
    pub before: Side,
    /// The second report.
    pub after: Side,
    /// `after.used` less `before.used`.
    pub change: i64,
    /// The slots of board.toml, where the reports have them.
    pub slots: Vec<Part>,
    /// The components of board.toml, where the reports have them.
    pub components: Vec<Part>,
    /// The whole image.
    pub root: Change,
}

/// One of the two reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The board's name, or the file's.
    pub name: String,
    /// The source revision.
    pub revision: Option<String>,
    /// The bytes of the flash that are not erased.
    pub used: Bytes,
}

/// A slot or component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it took; none if it is new.
    pub before: Option<Bytes>,
    /// What it takes; none if it is gone.
    pub after: Option<Bytes>,
    /// The difference.
    pub change: i64,
    /// What it may take, by the second report or else the first.
    pub allowed: Bytes,
}

/// The two sizes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Uncompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
    /// On the flash, without what is erased.
    pub on_flash: Bytes,
}

/// A node of either report, and its change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name; the second report's, if both have it.
    pub name: String,
    /// Its name in the first report, if that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The package that a file belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// How its sizes were found; where the reports differ, the less exact one.
    pub method: Method,
    /// Its sizes before; none if it is new.
    pub before: Option<Sizes>,
    /// Its sizes after; none if it is gone.
    pub after: Option<Sizes>,
    /// The change of its bytes on the flash.
    pub change: i64,
    /// Why its change means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// The path of the node that it is a copy of, where its parts are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<Vec<String>>,
    /// Its parts. In the JSON form, those that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Change>,
    /// Whether something in it has other content, whatever that costs.
    #[serde(skip)]
    differs: bool,
    /// Whether the content is the same, where both reports tell.
    #[serde(skip)]
    same_content: Option<bool>,
}

/// Compares two reports.
#[must_use]
pub fn diff(before: &Report, after: &Report) -> Diff {
    let mut root = compare::compare(&before.root, &after.root);
    noise::mark(&mut root);
    let side = |report: &Report, sizes: Option<Sizes>| Side {
        name: report.name.clone(),
        revision: report.revision.clone(),
        used: sizes.map_or(Bytes(0), |sizes| sizes.on_flash),
    };
    let checks = [before.check.as_ref(), after.check.as_ref()];
    Diff {
        schema: SCHEMA,
        before: side(before, root.before),
        after: side(after, root.after),
        change: root.change,
        slots: parts(checks.map(|check| {
            let slots = check.iter().flat_map(|check| &check.slots);
            slots.map(|row| (row.name.as_str(), row.usage)).collect()
        })),
        components: parts(checks.map(|check| {
            let components = check.iter().flat_map(|check| &check.components);
            components
                .map(|row| (row.name.as_str(), row.usage))
                .collect()
        })),
        root,
    }
}

/// Pairs what both checks name.
fn parts([before, after]: [Vec<(&str, crate::check::Use)>; 2]) -> Vec<Part> {
    let mut names: Vec<&str> = after.iter().map(|(name, _)| *name).collect();
    names.extend(before.iter().map(|(name, _)| *name));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    let find = |rows: &[(&str, crate::check::Use)], name: &str| {
        let row = rows.iter().find(|(other, _)| *other == name);
        row.map(|(_, usage)| *usage)
    };
    let part = |name: &str| {
        let (old, new) = (find(&before, name), find(&after, name));
        Some(Part {
            name: name.to_owned(),
            before: old.map(|usage| usage.used),
            after: new.map(|usage| usage.used),
            change: difference(old.map(|usage| usage.used), new.map(|usage| usage.used)),
            allowed: new.or(old)?.allowed,
        })
    };
    names.into_iter().filter_map(part).collect()
}

/// The change between two sizes, where nothing is 0 bytes.
fn difference(before: Option<Bytes>, after: Option<Bytes>) -> i64 {
    // Images are far smaller than 2^63 bytes; JSON made by hand may not be.
    let signed =
        |bytes: Option<Bytes>| i64::try_from(bytes.map_or(0, Bytes::get)).unwrap_or(i64::MAX);
    signed(after) - signed(before)
}

impl Diff {
    /// Whether anything has another size or other content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.root.differs
            && self
                .slots
                .iter()
                .chain(&self.components)
                .all(|part| part.change == 0)
    }

    /// The JSON form, with a final line feed: what changed, as a tree and as a list for each level.
    #[must_use]
    pub fn to_json(&self, view: &View) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(flatten)]
            diff: &'a Diff,
            levels: Vec<Rows>,
        }
        let mut diff = self.clone();
        prune(&mut diff.root);
        let levels = Level::ALL
            .into_iter()
            .filter(|level| view.level.is_none_or(|only| only == *level));
        let levels = levels.map(|level| {
            let mut rows = self.at(level);
            rows.rows.truncate(view.top.unwrap_or(usize::MAX));
            rows
        });
        let document = Document {
            diff: &diff,
            levels: levels.collect(),
        };
        // Strings, numbers and lists of them: there is nothing that JSON cannot say.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Leaves what changed.
fn prune(change: &mut Change) {
    change.children.retain(|child| child.differs);
    change.children.iter_mut().for_each(prune);
}

impl Change {
    /// Whether its bytes are the same as before, at the same cost.
    #[must_use]
    pub fn is_same(&self) -> bool {
        !self.differs
    }
}
