//! A diff as sections of rows, for the table and for Markdown.

use super::{Diff, Level, Part, Row, Rows, Sizes};
use crate::report::Method;
use board::units::{Bytes, Difference};

/// What is shown of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// One level; all that the reports have, if there is none.
    pub level: Option<Level>,
    /// How many rows of each level; all, if there is none.
    pub top: Option<usize>,
}

/// Rows under a heading.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Whether the last figure is what is left of a limit.
    pub(super) with_left: bool,
    pub(super) rows: Vec<Entry>,
}

/// A row, finished but for its style.
pub(super) struct Entry {
    pub(super) name: String,
    /// Before, after, change, and what is left.
    pub(super) figures: Vec<String>,
    pub(super) note: String,
    pub(super) growth: i64,
    /// A summary of what is not listed.
    pub(super) is_rest: bool,
}

impl Entry {
    fn new(name: &str, before: String, after: String, change: i64) -> Entry {
        Entry {
            name: name.to_owned(),
            figures: vec![before, after, signed(change)],
            note: String::new(),
            growth: change,
            is_rest: false,
        }
    }

    fn rest(name: String, change: i64) -> Entry {
        Entry {
            is_rest: true,
            ..Entry::new(&name, String::new(), String::new(), change)
        }
    }
}

/// `+1,234`, `-56`, `0`
pub(super) fn signed(change: i64) -> String {
    format!("{:+}", Difference(change.into()))
}

/// The sections that have something to show.
pub(super) fn sections(diff: &Diff, view: &View) -> Vec<Section> {
    let mut sections = Vec::new();
    for level in Level::ALL {
        let wanted = view.level.is_none_or(|only| only == level);
        if wanted && (view.level.is_some() || diff.has(level)) {
            sections.push(section(level, diff.at(level), view.top));
        }
        if level == Level::Partition && view.level.is_none() {
            sections.push(parts("slot", &diff.slots));
            sections.push(parts("component", &diff.components));
        }
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// What the levels list besides rows: finer levels say the same of partitions without parts.
fn section(level: Level, all: Rows, top: Option<usize>) -> Section {
    let with_left = level == Level::Partition;
    let listed = top.unwrap_or(all.rows.len()).min(all.rows.len());
    let (listed, rest) = all.rows.split_at(listed);
    let mut rows: Vec<Entry> = listed.iter().map(|row| entry(row, with_left)).collect();
    if !rest.is_empty() {
        let change = rest.iter().map(|row| row.change).sum();
        rows.push(Entry::rest(format!("{} more", rest.len()), change));
    }
    for copy in &all.copies {
        let name = match copy.within.as_str() {
            "" => &copy.name,
            within => within,
        };
        rows.push(Entry::rest(format!("copy in {name}"), copy.change));
    }
    for noise in &all.noise {
        let name = format!("noise ({})", noise.nodes);
        rows.push(Entry {
            note: noise.reason.reason().to_owned(),
            ..Entry::rest(name, noise.change)
        });
    }
    Section {
        title: level.name(),
        with_left,
        rows,
    }
}

fn entry(row: &Row, with_left: bool) -> Entry {
    let size = |sizes: Option<Sizes>| match (sizes, row.method) {
        (None, _) => "-".to_owned(),
        (Some(sizes), Method::Proportional) => format!("~{}", sizes.on_flash),
        (Some(sizes), _) => sizes.on_flash.to_string(),
    };
    let mut entry = Entry::new(&row.name, size(row.before), size(row.after), row.change);
    if with_left {
        let left = row.after.and_then(|after| {
            let size = after.raw?;
            Some(Difference::between(after.on_flash, size).to_string())
        });
        entry.figures.push(left.unwrap_or_default());
    }
    let state = match (row.before, row.after, &row.was) {
        (None, ..) => Some("new".to_owned()),
        (_, None, _) => Some("gone".to_owned()),
        (_, _, Some(was)) => Some(format!("was {was}")),
        _ => None,
    };
    let within = Some(row.within.clone()).filter(|within| !within.is_empty());
    let notes: Vec<String> = state.into_iter().chain(within).collect();
    entry.note = notes.join(", ");
    entry
}

fn parts(title: &'static str, parts: &[Part]) -> Section {
    let size =
        |bytes: Option<Bytes>| bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
    let changed = parts.iter().filter(|part| part.change != 0);
    let rows = changed.map(|part| {
        let mut entry = Entry::new(&part.name, size(part.before), size(part.after), part.change);
        let left = part
            .after
            .map(|after| Difference::between(after, part.allowed).to_string());
        entry.figures.push(left.unwrap_or_default());
        entry
    });
    Section {
        title,
        with_left: true,
        rows: rows.collect(),
    }
}

/// One line: by how much the image grew or shrank.
pub(super) fn headline(diff: &Diff) -> String {
    let (before, after) = (&diff.before, &diff.after);
    match diff.change {
        0 if diff.is_empty() => format!("no change, {} bytes on flash in both", after.used),
        0 => format!(
            "as large as before, {} bytes on flash, but not the same",
            after.used
        ),
        change => format!(
            "{} bytes on flash, {} before and {} now",
            signed(change),
            before.used,
            after.used
        ),
    }
}

/// What the two reports are on.
pub(super) fn subject(diff: &Diff) -> String {
    let (before, after) = (&diff.before, &diff.after);
    match before.name == after.name {
        true => after.name.clone(),
        false => format!("{} and {}", before.name, after.name),
    }
}

/// The revisions, where both are known and differ.
pub(super) fn revisions(diff: &Diff) -> Option<String> {
    let (before, after) = (
        diff.before.revision.as_ref()?,
        diff.after.revision.as_ref()?,
    );
    (before != after).then(|| format!("revision {before} before, {after} now"))
}
