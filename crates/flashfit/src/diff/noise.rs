//! Changes that nobody made.

use std::collections::HashMap;

use serde::Serialize;

use super::names::normalised;
use super::{Change, Sizes};
use crate::report::Kind;
use board::units::Bytes;

/// What a change of the same thing may cost and still be noise, in bytes.
const BYTES: u64 = 8;
/// For something large, the same as a share of its cost: one part of these.
const SHARE: u64 = 128;

/// Why a change means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// The same content, or as much as a report without hashes can tell: it costs other bits
    /// because of its neighbours in the compressor's window.
    Neighbours,
    /// Other content of the same size at about the same cost, such as addresses of something that
    /// moved.
    SameSize,
    /// The build id of a program.
    BuildId,
    /// The same thing in another place.
    Moved,
}

impl Noise {
    /// The reason, for a table.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Noise::Neighbours => "same content, other neighbours in the compressor's window",
            Noise::SameSize => "same size, other content: addresses, constants",
            Noise::BuildId => "build ids",
            Noise::Moved => "moved",
        }
    }
}

/// Marks all changes that are noise.
pub(super) fn mark(root: &mut Change) {
    mark_moved(root);
    mark_below(root);
}

/// Whether a change is small for something that costs that much.
fn is_small(change: i64, cost: Option<Sizes>) -> bool {
    let cost = cost.map_or(0, |sizes| sizes.on_flash.get());
    change.unsigned_abs() <= BYTES.max(cost / SHARE)
}

/// Leaves by themselves; a node with parts if all that changed in it is noise, and little
/// altogether: many small changes may add up to one that counts.
fn mark_below(change: &mut Change) {
    change.children.iter_mut().for_each(mark_below);
    if change.noise.is_some() || !change.differs {
        return;
    }
    change.noise = match change.children.as_slice() {
        [] => of_leaf(change),
        children => {
            let mut reasons = children.iter().filter(|child| child.differs);
            let first = reasons.next().and_then(|child| child.noise);
            let all = reasons.all(|child| child.noise.is_some());
            first.filter(|_| all && is_small(change.change, change.before))
        }
    };
}

fn of_leaf(change: &Change) -> Option<Noise> {
    let (before, after) = (change.before?, change.after?);
    if before.raw != after.raw
        || change.copy_of.is_some()
        || !is_small(change.change, change.before)
    {
        return None;
    }
    // Padding is what rounds a size up: a change of it is the one that shows on the flash.
    let is_padding = change.kind == Kind::Padding;
    let is_build_id = change.name.contains("build-id");
    match (is_padding, is_build_id, change.same_content) {
        (true, ..) => None,
        (_, true, _) => Some(Noise::BuildId),
        (.., Some(false)) => Some(Noise::SameSize),
        _ => Some(Noise::Neighbours),
    }
}

/// A node by what it keeps when it moves.
type Key = (Kind, String, Bytes);

/// Marks what is gone in one place and new in another, the same size at about the same cost: a
/// function that another crate has now, a file in another folder.
fn mark_moved(root: &mut Change) {
    let mut gone: HashMap<Key, Vec<Vec<usize>>> = HashMap::new();
    let mut new: HashMap<Key, Vec<Vec<usize>>> = HashMap::new();
    collect(root, &mut Vec::new(), &mut |change, path| {
        let (of, sizes) = match (change.before, change.after) {
            (Some(sizes), None) => (&mut gone, sizes),
            (None, Some(sizes)) => (&mut new, sizes),
            _ => return false,
        };
        if let Some(raw) = sizes.raw.filter(|raw| raw.get() > 0) {
            let base = change.name.rsplit('/').next().unwrap_or(&change.name);
            let key = (change.kind, normalised(change.kind, base), raw);
            of.entry(key).or_default().push(path.to_vec());
        }
        true
    });
    for (key, from) in gone {
        let Some(to) = new.get(&key) else { continue };
        // Which of several went where cannot be told.
        if let ([from], [to]) = (from.as_slice(), to.as_slice()) {
            let mut cost = |path: &[usize]| at(root, path).map_or(0, |change| change.change);
            let (gone, new) = (cost(from), cost(to));
            let size = at(root, to).and_then(|change| change.after);
            if is_small(gone.saturating_add(new), size) {
                for path in [from, to] {
                    if let Some(change) = at(root, path) {
                        change.noise = Some(Noise::Moved);
                    }
                }
            }
        }
    }
}

/// Calls `visit` with each change and the indices that lead to it; below a change for which it
/// returns true nothing is visited.
fn collect(
    change: &Change,
    path: &mut Vec<usize>,
    visit: &mut impl FnMut(&Change, &[usize]) -> bool,
) {
    if visit(change, path) {
        return;
    }
    for (at, child) in change.children.iter().enumerate() {
        path.push(at);
        collect(child, path, visit);
        path.pop();
    }
}

fn at<'c>(root: &'c mut Change, path: &[usize]) -> Option<&'c mut Change> {
    path.iter()
        .try_fold(root, |change, at| change.children.get_mut(*at))
}
