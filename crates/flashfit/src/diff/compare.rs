//! The tree of changes: which node of the one report is which of the other.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::names::normalised;
use super::{Change, Sizes, difference};
use crate::report::{Kind, Method, Node};
use board::units::Bytes;

/// A node before and after; at least one of them.
type Pair<'a> = [Option<&'a Node>; 2];

/// Compares two trees.
pub(super) fn compare(before: &Node, after: &Node) -> Change {
    node([before, after], [Some(before), Some(after)])
}

fn node(roots: [&Node; 2], pair: Pair) -> Change {
    let [old, new] = pair;
    let shown = match new.or(old) {
        Some(node) => node,
        None => roots[1],
    };
    let sides = [(roots[0], old), (roots[1], new)];
    let [before, after] = sides.map(|(root, node)| {
        node.map(|node| Sizes {
            raw: node.raw,
            on_flash: Bytes(used(root, node)),
        })
    });
    let change = difference(before.map(|s| s.on_flash), after.map(|s| s.on_flash));
    let existing = || pair.into_iter().flatten();
    let is_copy = existing().all(|node| node.same_as.is_some());
    let children = match is_copy {
        true => Vec::new(),
        false => children(roots, pair, [before, after]),
    };
    let same_content = match pair.map(|node| node.and_then(|node| node.hash)) {
        [Some(old), Some(new)] => Some(old == new),
        _ => None,
    };
    let differs = match children.as_slice() {
        [] => before != after || same_content == Some(false),
        children => children.iter().any(|child| child.differs),
    };
    Change {
        name: shown.name.clone(),
        was: old
            .map(|old| old.name.clone())
            .filter(|old| *old != shown.name),
        kind: shown.kind,
        package: shown.package.clone(),
        method: existing().fold(Method::Stored, |method, node| {
            less_exact(method, node.method)
        }),
        before,
        after,
        change,
        noise: None,
        copy_of: shown.same_as.clone().filter(|_| is_copy),
        children,
        differs,
        same_content,
    }
}

fn less_exact(a: Method, b: Method) -> Method {
    let rank = |method| match method {
        Method::Stored => 0,
        Method::Divided => 1,
        Method::Proportional => 2,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// The bytes that a node takes less those of it that are erased.
fn used(root: &Node, node: &Node) -> u64 {
    if node.kind == Kind::Free {
        return 0;
    }
    let original = node.same_as.as_ref().and_then(|path| root.find(path));
    // A copy of a copy would have to be followed for ever, should they be each other's.
    let original = original.filter(|original| original.same_as.is_none());
    let parts = &original.unwrap_or(node).children;
    node.on_flash
        .get()
        .saturating_sub(parts.iter().map(erased).sum())
}

fn erased(node: &Node) -> u64 {
    match node.kind {
        Kind::Free => node.on_flash.get(),
        _ => node.children.iter().map(erased).sum(),
    }
}

fn children(roots: [&Node; 2], pair: Pair, sizes: [Option<Sizes>; 2]) -> Vec<Change> {
    let [old, new] = [0, 1].map(|side| parts(roots[side], pair[side]));
    // Only one report knows what is in it, for example because only one build kept the symbols:
    // to list it all as new would tell nothing.
    let both_exist = pair.iter().all(Option::is_some);
    if both_exist && old.is_empty() != new.is_empty() {
        return Vec::new();
    }
    let pairs = pairs(&old, &new);
    let mut children: Vec<Change> = pairs.into_iter().map(|pair| node(roots, pair)).collect();
    children.extend(remainder(&children, sizes));
    children
}

/// The parts of a node, and of the node that it is a copy of where only one report has a copy.
fn parts<'a>(root: &'a Node, node: Option<&'a Node>) -> Vec<&'a Node> {
    let Some(node) = node else {
        return Vec::new();
    };
    let original = match &node.same_as {
        Some(path) => root.find(path).unwrap_or(node),
        None => node,
    };
    let parts = original.children.iter();
    parts.filter(|part| part.kind != Kind::Free).collect()
}

/// What the parts leave of the node, where a report does not add up.
fn remainder(children: &[Change], sizes: [Option<Sizes>; 2]) -> Option<Change> {
    if children.is_empty() {
        return None;
    }
    let sum = |of: fn(&Change) -> Option<Sizes>| -> u64 {
        let sizes = children.iter().filter_map(of);
        sizes.map(|sizes| sizes.on_flash.get()).sum()
    };
    let sums = [sum(|change| change.before), sum(|change| change.after)];
    let [before, after] = [0, 1].map(|side| {
        let whole = sizes[side]?.on_flash.get();
        let rest = whole.saturating_sub(sums[side]);
        (rest > 0).then_some(Sizes {
            raw: None,
            on_flash: Bytes(rest),
        })
    });
    let change = difference(before.map(|s| s.on_flash), after.map(|s| s.on_flash));
    (before.is_some() || after.is_some()).then(|| Change {
        name: "not itemised".to_owned(),
        was: None,
        kind: Kind::Shared,
        package: None,
        method: Method::Proportional,
        before,
        after,
        change,
        noise: None,
        copy_of: None,
        children: Vec::new(),
        differs: before != after,
        same_content: None,
    })
}

/// The nodes that may be each other in another build: a kernel that is not compressed any more is
/// the same part.
fn class(kind: Kind) -> Kind {
    match kind {
        Kind::Image | Kind::Packed | Kind::Filesystem => Kind::Part,
        other => other,
    }
}

/// Pairs the nodes of two lists, the best matches first; those without a partner stay alone. Both
/// directions give the same pairs.
fn pairs<'a>(old: &[&'a Node], new: &[&'a Node]) -> Vec<Pair<'a>> {
    let mut pairing = Pairing {
        old,
        new,
        partners: vec![None; new.len()],
        taken: vec![false; old.len()],
    };
    let named = |node: &Node| (class(node.kind), node.name.clone(), node.section.clone());
    pairing.pass(|node| Some((named(node), node.raw, node.hash)));
    pairing.pass(|node| Some(named(node)));
    pairing.pass(|node| Some((class(node.kind), node.name.clone())));
    let alike = |node: &Node| (class(node.kind), normalised(node.kind, &node.name));
    pairing.pass(|node| Some((alike(node), node.raw, node.hash)));
    pairing.pass(|node| Some((alike(node), node.raw)));
    // Several files that differ in a number alone are several files.
    let is_numbered = |kind| matches!(kind, Kind::Function | Kind::Data);
    pairing.pass(|node| is_numbered(node.kind).then(|| alike(node)));
    pairing.pass_of_single(alike);
    pairing.finish()
}

struct Pairing<'n, 'a> {
    old: &'n [&'a Node],
    new: &'n [&'a Node],
    /// For each new node, the index of the old one.
    partners: Vec<Option<usize>>,
    /// For each old node, whether it has a partner.
    taken: Vec<bool>,
}

impl<'a> Pairing<'_, 'a> {
    /// Pairs the first node of a key with the first, the second with the second.
    fn pass<K: Hash + Eq>(&mut self, key: impl Fn(&Node) -> Option<K>) {
        let mut waiting = self.waiting(&key);
        for (at, node) in self.new.iter().enumerate() {
            if self.partners[at].is_some() {
                continue;
            }
            let old = key(node).and_then(|key| waiting.get_mut(&key)?.pop_front());
            if let Some(old) = old {
                self.partners[at] = Some(old);
                self.taken[old] = true;
            }
        }
    }

    /// Pairs the nodes that are the only ones of their key on both sides.
    fn pass_of_single<K: Hash + Eq>(&mut self, key: impl Fn(&Node) -> K) {
        let single = |nodes: &[&Node], free: &dyn Fn(usize) -> bool| -> HashMap<K, usize> {
            let mut counts: HashMap<K, Vec<usize>> = HashMap::new();
            for (at, node) in nodes.iter().enumerate().filter(|(at, _)| free(*at)) {
                counts.entry(key(node)).or_default().push(at);
            }
            let single = counts.into_iter().filter(|(_, nodes)| nodes.len() == 1);
            single.map(|(key, nodes)| (key, nodes[0])).collect()
        };
        let old = single(self.old, &|at| !self.taken[at]);
        let new = single(self.new, &|at| self.partners[at].is_none());
        for (key, at) in new {
            if let Some(&old) = old.get(&key) {
                self.partners[at] = Some(old);
                self.taken[old] = true;
            }
        }
    }

    fn waiting<K: Hash + Eq>(
        &self,
        key: impl Fn(&Node) -> Option<K>,
    ) -> HashMap<K, VecDeque<usize>> {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (at, node) in self
            .old
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.taken[*at])
        {
            if let Some(key) = key(node) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        waiting
    }

    fn finish(self) -> Vec<Pair<'a>> {
        let new = self.new.iter().zip(&self.partners);
        let mut pairs: Vec<Pair> = new
            .map(|(new, partner)| [partner.map(|old| self.old[old]), Some(*new)])
            .collect();
        let gone = self
            .old
            .iter()
            .zip(&self.taken)
            .filter(|(_, taken)| !**taken);
        pairs.extend(gone.map(|(old, _)| [Some(*old), None]));
        pairs
    }
}
