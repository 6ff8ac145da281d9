//! What grew since an earlier report, or else what is largest.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Report;
use super::contents::{Subject, pieces};
use board::units::Bytes;

/// How many are named.
const NAMED: usize = 3;

/// A piece and how its size changed.
struct Mover {
    name: String,
    change: i128,
    /// It was not there before, or is not there any more.
    note: &'static str,
}

impl Mover {
    fn tell(&self) -> String {
        let sign = if self.change < 0 { '-' } else { '+' };
        let bytes = Bytes(u64::try_from(self.change.unsigned_abs()).unwrap_or(u64::MAX));
        format!("{} {sign}{bytes}{}", self.name, self.note)
    }
}

/// The part of an over-budget message that says where to look.
pub(super) fn tell(report: &Report, subject: &Subject, baseline: Option<&Report>) -> String {
    if let Some(baseline) = baseline.filter(|old| !pieces(old, subject).is_empty()) {
        let mut grown = moved(baseline, report, subject);
        grown.retain(|mover| mover.change > 0);
        grown.sort_by_key(|mover| Reverse(mover.change));
        return match grown.is_empty() {
            true => "; nothing in it grew since the baseline".to_owned(),
            false => format!("; largest movers: {}", list(&grown)),
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
        let mut movers = moved(baseline, report, &subject);
        movers.sort_by_key(|mover| Reverse(mover.change.abs()));
        let of = |report: &Report| {
            report
                .image(name)
                .map_or(0, |image| i128::from(image.bytes.get()))
        };
        let whole = Mover {
            name: name.clone(),
            change: of(report) - of(baseline),
            note: "",
        };
        if whole.change == 0 && movers.is_empty() {
            continue;
        }
        let named = if movers.len() == 1 && movers[0].name == *name {
            movers[0].note.to_owned()
        } else if movers.is_empty() {
            " of padding".to_owned()
        } else {
            format!("; largest movers: {}", list(&movers))
        };
        lines.push(format!("{}{named}", whole.tell()));
    }
    lines
}

fn moved(old: &Report, new: &Report, subject: &Subject) -> Vec<Mover> {
    let (old, new) = (pieces(old, subject), pieces(new, subject));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mover = |name: &String| {
        let bytes = |bytes: Option<&Bytes>| bytes.map_or(0, |bytes| i128::from(bytes.get()));
        let (before, after) = (old.get(name), new.get(name));
        Mover {
            name: name.clone(),
            change: bytes(after) - bytes(before),
            note: match (before, after) {
                (None, _) => " (new)",
                (_, None) => " (gone)",
                _ => "",
            },
        }
    };
    names
        .into_iter()
        .map(mover)
        .filter(|mover| mover.change != 0)
        .collect()
}

fn list(movers: &[Mover]) -> String {
    movers
        .iter()
        .take(NAMED)
        .map(Mover::tell)
        .collect::<Vec<_>>()
        .join(", ")
}
