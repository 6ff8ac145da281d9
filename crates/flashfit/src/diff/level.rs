//! The tree of changes cut at one level, as a list.

use std::cmp::Reverse;

use clap::ValueEnum;
use serde::Serialize;

use super::{Change, Diff, Noise, Sizes};
use crate::report::{Kind, Method};

/// How finely changes are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The chip's partitions
    Partition,
    /// The builder's packages
    Package,
    /// The files of file systems, and the parts of images
    File,
    /// Crates, libraries and object files of programs
    Crate,
    /// Functions and variables
    Function,
}

/// A node that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The names from the root to it.
    pub path: Vec<String>,
    /// What it is called: the path of a file or an object file, the name of anything else.
    pub name: String,
    /// The partition, file and crate that it is in.
    pub within: String,
    /// Its name in the first report, if that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// How its sizes were found.
    pub method: Method,
    /// Its sizes before; none if it is new.
    pub before: Option<Sizes>,
    /// Its sizes after; none if it is gone.
    pub after: Option<Sizes>,
    /// The change of its bytes on the flash.
    pub change: i64,
}

/// All changes at a level. Those of `rows`, `copies` and `noise` add up to the whole change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// The level.
    pub level: Level,
    /// What changed, the largest change first.
    pub rows: Vec<Row>,
    /// Copies of nodes, whose parts are listed once.
    pub copies: Vec<Row>,
    /// What changed without meaning anything.
    pub noise: Vec<NoiseSum>,
}

/// Changes that mean nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoiseSum {
    /// Why.
    pub reason: Noise,
    /// How many nodes.
    pub nodes: usize,
    /// Their changes together.
    pub change: i64,
}

impl Level {
    /// All levels, from the coarsest.
    pub const ALL: [Level; 5] = [
        Level::Partition,
        Level::Package,
        Level::File,
        Level::Crate,
        Level::Function,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Partition => "partition",
            Level::Package => "package",
            Level::File => "file",
            Level::Crate => "crate",
            Level::Function => "function",
        }
    }

    /// The level that lists nodes of that kind; none for those that only lead to others.
    fn of(kind: Kind) -> Option<Level> {
        match kind {
            Kind::Partition => Some(Level::Partition),
            Kind::Package => Some(Level::Package),
            Kind::File => Some(Level::File),
            Kind::Crate | Kind::Library | Kind::Object => Some(Level::Crate),
            Kind::Function => Some(Level::Function),
            _ => None,
        }
    }
}

impl Diff {
    /// The changes at that level.
    #[must_use]
    pub fn at(&self, level: Level) -> Rows {
        let mut rows = Rows {
            level,
            rows: Vec::new(),
            copies: Vec::new(),
            noise: Vec::new(),
        };
        rows.cut(&self.root, &mut Vec::new());
        rows.rows.sort_by(|a, b| {
            let key = |row: &Row| Reverse(row.change.unsigned_abs());
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        rows.noise.sort_by_key(|noise| noise.reason);
        rows
    }

    /// Whether a report has nodes of that level.
    #[must_use]
    pub fn has(&self, level: Level) -> bool {
        leads_to(&self.root, &|change| Level::of(change.kind) == Some(level))
    }
}

/// Whether a node has such a node below it.
fn leads_to(change: &Change, is: &impl Fn(&Change) -> bool) -> bool {
    let mut children = change.children.iter();
    children.any(|child| is(child) || leads_to(child, is))
}

impl Rows {
    fn cut<'c>(&mut self, change: &'c Change, path: &mut Vec<&'c Change>) {
        if !change.differs {
            return;
        }
        let level = self.level;
        // Partitions are told apart, whatever is in them.
        let is_copy = |change: &Change| change.copy_of.is_some() && level > Level::Partition;
        let is_listed = |change: &Change| Level::of(change.kind).is_some_and(|of| of <= level);
        if leads_to(change, &|change| is_listed(change) || is_copy(change)) {
            for child in &change.children {
                path.push(child);
                self.cut(child, path);
                path.pop();
            }
            return;
        }
        if is_copy(change) {
            self.copies.push(row(change, path));
            return;
        }
        let Some(reason) = change.noise else {
            self.rows.push(row(change, path));
            return;
        };
        let known = self.noise.iter_mut().find(|sum| sum.reason == reason);
        match known {
            Some(sum) => (sum.nodes, sum.change) = (sum.nodes + 1, sum.change + change.change),
            None => self.noise.push(NoiseSum {
                reason,
                nodes: 1,
                change: change.change,
            }),
        }
    }
}

/// The row of the last change of the path; an empty path is the root's.
fn row(change: &Change, path: &[&Change]) -> Row {
    let mut names = names(path);
    let name = names.pop().unwrap_or_else(|| change.name.clone());
    Row {
        path: path.iter().map(|change| change.name.clone()).collect(),
        name,
        within: names.join(" > "),
        was: change.was.clone(),
        kind: change.kind,
        method: change.method,
        before: change.before,
        after: change.after,
        change: change.change,
    }
}

/// The names along a path that tell a reader where he is: a file or an object file with its
/// folders, and neither packages, which the file's path makes redundant, nor the image that fills a
/// partition.
fn names(path: &[&Change]) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = String::new();
    let mut in_partition = false;
    for (at, change) in path.iter().enumerate() {
        let is_last = at + 1 == path.len();
        let fills = in_partition && change.kind == Kind::Image;
        in_partition = change.kind == Kind::Partition;
        let name = change.name.trim_start_matches('/');
        match change.kind {
            Kind::Folder if !is_last => folders += &format!("{name}/"),
            Kind::Package | Kind::Filesystem | Kind::Image if !is_last => {
                if change.kind == Kind::Image && !fills {
                    names.push(change.name.clone());
                }
            }
            Kind::File => names.push(format!("/{}{name}", std::mem::take(&mut folders))),
            _ => names.push(format!("{}{name}", std::mem::take(&mut folders))),
        }
    }
    names
}
