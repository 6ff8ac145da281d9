//! A program taken apart: crates, libraries or object files, and their functions.

use std::collections::BTreeMap;
use std::ops::Range;

use board::units::Bytes;
use symbolmap::{Owner, Piece};

use super::content::Sibling;
use super::costed::Costed;
use super::node::{Draft, Kind, Method, Node, fingerprint};

/// The parts of a program whose pieces are known. An object file `drivers/mtd/mtdcore.o` lies in
/// the folders of its path.
pub(super) fn parts<'a>(costed: &'a Costed, pieces: &'a [Piece]) -> Vec<Draft> {
    let mut top = Group::default();
    for piece in pieces {
        let path = path(&piece.owner);
        let mut group = &mut top;
        for (name, kind) in path {
            group = group.groups.entry((name, kind)).or_default();
        }
        let at = piece.offset as usize..(piece.offset + piece.size) as usize;
        let key = (piece.section.as_str(), piece.symbol.as_str());
        let leaf = group.leaves.entry(key).or_default();
        leaf.cost += costed.cost(at.clone());
        leaf.bytes.push(&costed.bytes()[at.clone()]);
        leaf.places.extend(costed.places(at));
        leaf.raw += piece.size;
        leaf.count += 1;
    }
    top.drafts(costed.method())
}

/// The pieces with those of data divided where a program embeds a file, which then is a piece of
/// its own with the file's name.
pub(super) fn with_files(pieces: Vec<Piece>, bytes: &[u8], files: &[Sibling]) -> Vec<Piece> {
    let files: Vec<&Sibling> = files.iter().collect();
    let mut divided = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (start, end) = (piece.offset as usize, (piece.offset + piece.size) as usize);
        let found = match piece.owner {
            Owner::Data if end <= bytes.len() => places(&bytes[start..end], &files),
            _ => Vec::new(),
        };
        let part = |from: usize, to: usize, symbol: &str| Piece {
            offset: from as u64,
            size: (to - from) as u64,
            section: piece.section.clone(),
            owner: piece.owner.clone(),
            symbol: symbol.to_owned(),
        };
        let mut at = start;
        for (name, range) in found {
            let (from, to) = (start + range.start, start + range.end);
            divided.push(part(at, from, &piece.symbol));
            divided.push(part(from, to, name));
            at = to;
        }
        divided.push(part(at, end, &piece.symbol));
    }
    divided.retain(|piece| piece.size > 0);
    divided
}

/// Where files are in `bytes`, in their order and without overlap.
pub(super) fn places<'a>(bytes: &[u8], files: &[&'a Sibling]) -> Vec<(&'a str, Range<usize>)> {
    let mut found: Vec<(&str, Range<usize>)> = Vec::new();
    for file in files.iter().filter(|file| !file.bytes.is_empty()) {
        let Some(at) = memchr::memmem::find(bytes, &file.bytes) else {
            continue;
        };
        let range = at..at + file.bytes.len();
        if found
            .iter()
            .all(|(_, other)| other.end <= range.start || range.end <= other.start)
        {
            found.push((&file.name, range));
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// The levels below the program that lead to an owner's functions.
fn path(owner: &Owner) -> Vec<(&str, Kind)> {
    match owner {
        Owner::Crate(name) => vec![(name, Kind::Crate)],
        Owner::Library(name) => vec![(name, Kind::Library)],
        Owner::Object(path) => {
            let mut levels: Vec<_> = path.split('/').map(|name| (name, Kind::Folder)).collect();
            if let Some(last) = levels.last_mut() {
                last.1 = Kind::Object;
            }
            levels
        }
        Owner::Data => vec![("headers and constants", Kind::Data)],
        Owner::Unknown => vec![("without a symbol", Kind::Data)],
    }
}

/// What has a common owner, or owners in a common folder.
#[derive(Default)]
struct Group<'a> {
    groups: BTreeMap<(&'a str, Kind), Group<'a>>,
    /// By section and symbol.
    leaves: BTreeMap<(&'a str, &'a str), Leaf<'a>>,
}

/// A function or variable; all instances of a generic one.
#[derive(Default)]
struct Leaf<'a> {
    bytes: Vec<&'a [u8]>,
    cost: u64,
    raw: u64,
    count: usize,
    places: Vec<super::costed::Place>,
}

impl Group<'_> {
    fn drafts(self, method: Method) -> Vec<Draft> {
        let groups = self.groups.into_iter().map(|((name, kind), group)| {
            let children = group.drafts(method);
            let raw = children.iter().filter_map(|c| c.node.raw).map(Bytes::get);
            let node = Node::new(name, kind, method).raw(raw.sum());
            Draft::sum(node, children)
        });
        let leaves = self.leaves.into_iter().map(|((section, symbol), leaf)| {
            let (name, kind) = match symbol {
                "" => (section, Kind::Data),
                symbol => (symbol, Kind::Function),
            };
            let name = if name.is_empty() {
                "between sections"
            } else {
                name
            };
            let mut node = Node::new(name, kind, method).raw(leaf.raw);
            node.hash = Some(fingerprint(leaf.bytes));
            node.section = Some(section.to_owned()).filter(|section| !section.is_empty());
            node.note = (leaf.count > 1).then(|| format!("{} pieces", leaf.count));
            Draft::at(node, leaf.cost, leaf.places)
        });
        groups.chain(leaves).collect()
    }
}
