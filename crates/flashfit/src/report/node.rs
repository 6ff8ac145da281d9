//! The nodes of the tree, and the division of a parent's bytes among its children.

use serde::{Deserialize, Serialize};

use super::costed::Place;
use board::units::Bytes;

/// What a node is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The whole chip, or the whole file where no chip is known.
    Chip,
    /// A partition.
    Partition,
    /// A file of the image folder.
    Image,
    /// A part of an image: of a FIT, a uImage, a boot loader's file.
    Part,
    /// A compressed part, with its uncompressed content below.
    Packed,
    /// A file system.
    Filesystem,
    /// A package of the builder, with its files.
    Package,
    /// A folder.
    Folder,
    /// A file of a file system.
    File,
    /// A Rust crate within a program.
    Crate,
    /// A library within a program.
    Library,
    /// An object file within a program.
    Object,
    /// A function or a variable.
    Function,
    /// Bytes of a program that no symbol names.
    Data,
    /// The tables of a file system or the headers of an image.
    Table,
    /// What several nodes share, or what no other child takes.
    Shared,
    /// Padding.
    Padding,
    /// Erased flash.
    Free,
}

/// How `on_flash` was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Bytes that the image holds as they are, or that its tables give.
    Stored,
    /// From the compressor's state: the bits that the decoder consumed for these bytes.
    Divided,
    /// In proportion to the uncompressed size, within one compressed block.
    Proportional,
}

/// A part of the flash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name among its siblings.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its uncompressed size; none for erased flash and tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
    /// What it takes on the flash.
    pub on_flash: Bytes,
    /// What the image shrinks by without it, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_removed: Option<Bytes>,
    /// How `on_flash` was found.
    pub method: Method,
    /// The section of a program that it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The package that a file belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What else is worth knowing: a compressor, a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The [`fingerprint`] of its uncompressed bytes, by which `flashfit diff` tells a change of
    /// content from a change of cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<u32>,
    /// The path of a node with the same content, which has the children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<Vec<String>>,
    /// Its parts, by `on_flash`, the largest first; a chip's and a partition's by offset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

/// A node before rounding: its cost is in fractions of a byte.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The node; its `on_flash` and `children` are not used.
    pub(super) node: Node,
    /// The cost of all of it, in 1/65536 byte.
    pub(super) cost: u64,
    /// Its parts. What they cost less than the node becomes its shared part.
    pub(super) children: Vec<Draft>,
    /// The streams' bytes that it is, unless its parts have them.
    places: Vec<Place>,
}

/// The unit of [`Draft::cost`] in a byte.
pub(super) const UNIT: u64 = 1 << 16;

impl Node {
    /// A node without children.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind, method: Method) -> Node {
        Node {
            name: name.into(),
            kind,
            raw: None,
            on_flash: Bytes(0),
            if_removed: None,
            method,
            section: None,
            package: None,
            note: None,
            hash: None,
            same_as: None,
            children: Vec::new(),
        }
    }

    /// The same node with an uncompressed size.
    #[must_use]
    pub fn raw(self, bytes: u64) -> Node {
        Node {
            raw: Some(Bytes(bytes)),
            ..self
        }
    }

    /// The node at the end of a path of names, which does not name this node itself.
    #[must_use]
    pub fn find(&self, path: &[impl AsRef<str>]) -> Option<&Node> {
        match path {
            [] => Some(self),
            [name, rest @ ..] => {
                let named = self.children.iter().find(|c| c.name == name.as_ref());
                named.and_then(|child| child.find(rest))
            }
        }
    }

    /// Calls `visit` with each node and the names that lead to it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&[&'a str], &'a Node)) {
        fn down<'a>(
            node: &'a Node,
            path: &mut Vec<&'a str>,
            visit: &mut impl FnMut(&[&'a str], &'a Node),
        ) {
            visit(path, node);
            for child in &node.children {
                path.push(&child.name);
                down(child, path, visit);
                path.pop();
            }
        }
        down(self, &mut Vec::new(), visit);
    }
}

/// A short hash of content, in pieces: FNV-1a of 32 bits. Two contents are compared where their
/// names are equal already, so that more bits would tell nothing more.
pub fn fingerprint<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let bytes = pieces.into_iter().flatten();
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

impl Draft {
    /// A draft without parts.
    pub(super) fn new(node: Node, cost: u64) -> Draft {
        Draft::at(node, cost, Vec::new())
    }

    /// A draft without parts, of these bytes of compressed streams.
    pub(super) fn at(node: Node, cost: u64, places: Vec<Place>) -> Draft {
        Draft {
            node,
            cost,
            children: Vec::new(),
            places,
        }
    }

    /// The streams' bytes that it and its parts are.
    pub(super) fn places(&self) -> Vec<Place> {
        let children = self.children.iter().flat_map(Draft::places);
        children.chain(self.places.iter().cloned()).collect()
    }

    /// A draft that is the sum of its parts.
    pub(super) fn sum(node: Node, children: Vec<Draft>) -> Draft {
        Draft {
            node,
            cost: children.iter().map(|child| child.cost).sum(),
            children,
            places: Vec::new(),
        }
    }

    /// The finished node, with costs rounded to whole bytes so that the children of each node
    /// add up to it: each gets its whole bytes, and those with the largest fractions one more.
    pub(super) fn settle(self) -> Node {
        let bytes = self.cost / UNIT + u64::from(self.cost % UNIT >= UNIT / 2);
        self.settle_to(bytes)
    }

    fn settle_to(mut self, bytes: u64) -> Node {
        let mut node = self.node;
        node.on_flash = Bytes(bytes);
        if self.children.is_empty() {
            return node;
        }
        let taken: u64 = self.children.iter().map(|child| child.cost).sum();
        if self.cost > taken {
            let shared = Node::new("shared and padding", Kind::Shared, node.method);
            self.children.push(Draft::new(shared, self.cost - taken));
        }
        let shares = divide(bytes, self.children.iter().map(|child| child.cost));
        node.children = self
            .children
            .into_iter()
            .zip(shares)
            .map(|(child, share)| child.settle_to(share))
            // A rounded remainder of nothing is not worth a line.
            .filter(|child| child.kind != Kind::Shared || child.on_flash.get() > 0)
            .collect();
        node
    }
}

/// Divides `bytes` in proportion to `costs`, in whole bytes, by the method of the largest
/// remainder.
fn divide(bytes: u64, costs: impl Iterator<Item = u64>) -> Vec<u64> {
    let costs: Vec<u64> = costs.collect();
    let total: u128 = costs.iter().map(|cost| u128::from(*cost)).sum();
    if total == 0 {
        let mut shares = vec![0; costs.len()];
        if let Some(first) = shares.first_mut() {
            *first = bytes;
        }
        return shares;
    }
    let mut rests = Vec::with_capacity(costs.len());
    let mut shares: Vec<u64> = costs
        .iter()
        .enumerate()
        .map(|(at, cost)| {
            let product = u128::from(bytes) * u128::from(*cost);
            rests.push((product % total, at));
            // At most `bytes`, since a cost is at most the total.
            u64::try_from(product / total).unwrap_or(bytes)
        })
        .collect();
    let given: u64 = shares.iter().sum();
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in rests.into_iter().take((bytes - given) as usize) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree() -> impl Strategy<Value = Draft> {
        let leaf = (0..5_000_000_u64)
            .prop_map(|cost| Draft::new(Node::new("leaf", Kind::Function, Method::Divided), cost));
        leaf.prop_recursive(5, 200, 8, |inner| {
            (prop::collection::vec(inner, 1..8), 0..200_000_u64).prop_map(|(children, rest)| {
                let node = Node::new("inner", Kind::Object, Method::Divided);
                let mut draft = Draft::sum(node, children);
                draft.cost += rest;
                draft
            })
        })
    }

    fn assert_sums(node: &Node) {
        if !node.children.is_empty() {
            let sum: u64 = node.children.iter().map(|c| c.on_flash.get()).sum();
            assert_eq!(sum, node.on_flash.get(), "{}", node.name);
        }
        node.children.iter().for_each(assert_sums);
    }

    proptest! {
        #[test]
        fn children_add_up_to_their_parent(draft in tree()) {
            let cost = draft.cost;
            let node = draft.settle();
            prop_assert!(node.on_flash.get().abs_diff(cost / UNIT) <= 1);
            assert_sums(&node);
        }

        #[test]
        fn shares_are_within_a_byte_of_their_proportion(
            bytes in 0..10_000_000_u64,
            costs in prop::collection::vec(0..100_000_000_u64, 1..50),
        ) {
            let total: u64 = costs.iter().sum();
            let shares = divide(bytes, costs.iter().copied());
            prop_assert_eq!(shares.iter().sum::<u64>(), bytes);
            for (share, cost) in shares.iter().zip(&costs) {
                let fair = bytes as f64 * *cost as f64 / total.max(1) as f64;
                prop_assert!(total == 0 || (*share as f64 - fair).abs() < 1.01);
            }
        }
    }

    #[test]
    fn what_no_child_takes_is_shared() {
        let leaf = Draft::new(Node::new("a", Kind::File, Method::Stored), 10 * UNIT);
        let mut draft = Draft::sum(
            Node::new("fs", Kind::Filesystem, Method::Stored),
            vec![leaf],
        );
        draft.cost += 5 * UNIT;
        let node = draft.settle();
        assert_eq!(node.children[1].kind, Kind::Shared);
        assert_eq!(node.children[1].on_flash, Bytes(5));
        assert_eq!(node.find(&["a"]).map(|a| a.on_flash), Some(Bytes(10)));
    }
}
