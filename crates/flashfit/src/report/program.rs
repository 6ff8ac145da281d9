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

/// The pieces, and in the place of those that hold an embedded file one with the file's name and
/// the owner of its first byte.
pub(super) fn with_files(pieces: Vec<Piece>, bytes: &[u8], files: &[Sibling]) -> Vec<Piece> {
    let files: Vec<&Sibling> = files.iter().collect();
    let found = places(bytes, &files);
    let inside = |at: usize| found.iter().find(|(_, range)| range.contains(&at));
    let mut divided = Vec::with_capacity(pieces.len() + found.len());
    for piece in pieces {
        let end = (piece.offset + piece.size) as usize;
        let mut at = piece.offset as usize;
        while at < end {
            let within = inside(at);
            let next = within.map_or_else(
                || {
                    let starts = found.iter().map(|(_, range)| range.start);
                    starts.filter(|start| *start > at).min().unwrap_or(end)
                },
                |(_, range)| range.end,
            );
            if within.is_none_or(|(_, range)| range.start == at) {
                let stop = within.map_or(next.min(end), |_| next);
                divided.push(Piece {
                    offset: at as u64,
                    size: (stop - at) as u64,
                    section: piece.section.clone(),
                    owner: piece.owner.clone(),
                    symbol: within.map_or(&*piece.symbol, |(name, _)| name).to_owned(),
                });
            }
            at = next.min(end);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_file_is_one_piece_even_across_the_pieces_that_hold_it() {
        let bytes = b"aaaaPAGEbbbb";
        let piece = |offset, size, symbol: &str| Piece {
            offset,
            size,
            section: ".rodata".to_owned(),
            owner: Owner::Data,
            symbol: symbol.to_owned(),
        };
        let pieces = vec![piece(0, 6, "x"), piece(6, 1, "y"), piece(7, 5, "z")];
        let file = Sibling {
            name: "page".to_owned(),
            bytes: b"PAGE".as_slice().into(),
        };
        let found = with_files(pieces.clone(), bytes, &[file]);
        assert_eq!(
            found,
            [piece(0, 4, "x"), piece(4, 4, "page"), piece(8, 4, "z")]
        );
        assert_eq!(with_files(pieces.clone(), bytes, &[]), pieces);
    }
}
