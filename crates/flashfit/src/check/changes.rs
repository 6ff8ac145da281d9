//! What grew since an earlier report, or else what is largest.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Report;
use super::contents::{Subject, pieces};
use board::units::{Bytes, Difference};

/// How many are named.
const NAMED: usize = 3;

/// A piece and how its size changed.
struct Change {
    name: String,
    bytes: Difference,
    /// It was not there before, or is not there any more.
    note: &'static str,
}

impl Change {
    fn tell(&self) -> String {
        format!("{} {:+}{}", self.name, self.bytes, self.note)
    }
}

/// The part of an over-budget message that says where to look.
pub(super) fn tell(report: &Report, subject: &Subject, baseline: Option<&Report>) -> String {
    if let Some(baseline) = baseline.filter(|old| !pieces(old, subject).is_empty()) {
        let mut grown = changed(baseline, report, subject);
        grown.retain(|change| change.bytes > Difference(0));
        grown.sort_by_key(|change| Reverse(change.bytes));
        return match grown.is_empty() {
            true => "; nothing in it grew since the baseline".to_owned(),
            false => format!("; largest changes: {}", list(&grown)),
        };
    }
    let mut largest: Vec<(String, Bytes)> = pieces(report, subject).into_iter().collect();
    // One piece alone is what the message is about already.
    if largest.len() < 2 {
        return String::new();
    }
    largest.sort_by_key(|(_, bytes)| Reverse(*bytes));
    let named: Vec<String> = largest
        .iter()
        .take(NAMED)
        .map(|(name, bytes)| format!("{name} {bytes}"))
        .collect();
    format!("; largest contents: {}", named.join(", "))
}

/// What changed in each image since `baseline`, a line each; images that are as large
/// as before and of the same pieces have none.
#[must_use]
pub fn since(report: &Report, baseline: &Report) -> Vec<String> {
    let names = report
        .images
        .iter()
        .chain(&baseline.images)
        .map(|image| &image.file);
    let names: BTreeSet<&String> = names.collect();
    let mut lines = Vec::new();
    for name in names {
        let subject = Subject {
            images: vec![name.clone()],
            path: None,
        };
        let mut changes = changed(baseline, report, &subject);
        changes.sort_by_key(|change| Reverse(change.bytes.0.abs()));
        let of = |report: &Report| report.image(name).map_or(Bytes(0), |image| image.bytes);
        let whole = Change {
            name: name.clone(),
            bytes: Difference::between(of(baseline), of(report)),
            note: "",
        };
        if whole.bytes.0 == 0 && changes.is_empty() {
            continue;
        }
        let named = if changes.len() == 1 && changes[0].name == *name {
            changes[0].note.to_owned()
        } else if changes.is_empty() {
            " of padding".to_owned()
        } else {
            format!("; largest changes: {}", list(&changes))
        };
        lines.push(format!("{}{named}", whole.tell()));
    }
    lines
}

fn changed(old: &Report, new: &Report, subject: &Subject) -> Vec<Change> {
    let (old, new) = (pieces(old, subject), pieces(new, subject));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let bytes = |bytes: Option<&Bytes>| bytes.copied().unwrap_or_default();
        let (before, after) = (old.get(name), new.get(name));
        Change {
            name: name.clone(),
            bytes: Difference::between(bytes(before), bytes(after)),
            note: match (before, after) {
                (None, _) => " (new)",
                (_, None) => " (gone)",
                _ => "",
            },
        }
    };
    names
        .into_iter()
        .map(change)
        .filter(|change| change.bytes.0 != 0)
        .collect()
}

fn list(changes: &[Change]) -> String {
    changes
        .iter()
        .take(NAMED)
        .map(Change::tell)
        .collect::<Vec<_>>()
        .join(", ")
}
