//! Flattened device trees, which FIT images are: their nodes, and how long the file must be.
//!
//! Format: Devicetree Specification 5. A FIT image may keep its data behind the tree (`mkimage -E`);
//! `data-size` and `data-offset` or `data-position` of a node then say where (the U-Boot
//! documentation, "FIT external data").

use std::ops::Range;

use crate::parts::field::be32;

const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const NOP: u32 = 4;
const END: u32 = 9;

/// A node of a tree.
pub(crate) struct Node<'a> {
    /// The index of the node that holds it; the root has none.
    pub(crate) parent: Option<usize>,
    pub(crate) name: &'a [u8],
    /// Names, and the places of the values in the file.
    properties: Vec<(&'a [u8], Range<usize>)>,
}

impl Node<'_> {
    /// Where a property's value is.
    pub(crate) fn place(&self, name: &str) -> Option<Range<usize>> {
        let mut all = self.properties.iter();
        let (_, place) = all.find(|(other, _)| *other == name.as_bytes())?;
        Some(place.clone())
    }

    /// The number that a property starts with.
    fn number(&self, blob: &[u8], name: &str) -> Option<u64> {
        be32(&blob[self.place(name)?], 0).map(u64::from)
    }

    /// Where a node of a FIT image has its data outside of the tree, which takes `tree` bytes.
    pub(crate) fn external(&self, blob: &[u8], tree: u64) -> Option<Range<u64>> {
        let number = |name| self.number(blob, name);
        let start = number("data-position").or_else(|| {
            // Data behind the tree are counted from the next multiple of four.
            number("data-offset").map(|offset| tree.next_multiple_of(4) + offset)
        })?;
        Some(start..start + number("data-size")?)
    }
}

/// The size of the tree itself.
pub(crate) fn total(blob: &[u8]) -> Option<u64> {
    be32(blob, 4).map(u64::from)
}

/// The end of the tree or of the data behind it, whichever is later.
pub(crate) fn end(blob: &[u8], nodes: &[Node<'_>]) -> u64 {
    let total = total(blob).unwrap_or_default();
    let external = nodes.iter().filter_map(|node| node.external(blob, total));
    external.map(|place| place.end).fold(total, u64::max)
}

/// The nodes, each after the one that holds it.
///
/// # Errors
///
/// What is wrong with a tree that contradicts itself.
pub(crate) fn nodes(blob: &[u8]) -> Result<Vec<Node<'_>>, &'static str> {
    let header = |at: usize| be32(blob, at).ok_or("its header is cut short");
    let total = header(4)?;
    let (start, strings) = (header(8)? as usize, header(12)? as usize);
    let (strings_size, structure_size) = (header(32)? as usize, header(36)? as usize);
    let blob = blob
        .get(..total as usize)
        .ok_or("it is shorter than its header says")?;
    let block = |start: usize, size: usize| blob.get(start..start.checked_add(size)?);
    let structure = block(start, structure_size).ok_or("its structure lies outside the file")?;
    let strings = block(strings, strings_size).ok_or("its strings lie outside the file")?;

    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    loop {
        let token = be32(structure, at).ok_or("its structure has no end")?;
        at += 4;
        match token {
            BEGIN_NODE => {
                let rest = structure.get(at..).unwrap_or_default();
                let name = rest.iter().position(|byte| *byte == 0);
                let length = name.ok_or("a node's name has no end")?;
                at = (at + length + 1).next_multiple_of(4);
                nodes.push(Node {
                    parent: open,
                    name: &rest[..length],
                    properties: Vec::new(),
                });
                open = Some(nodes.len() - 1);
            }
            PROPERTY => {
                let short = "a property is cut short";
                let size = be32(structure, at).ok_or(short)? as usize;
                let name = be32(structure, at + 4).ok_or(short)? as usize;
                let value = at + 8..at + 8 + size;
                structure.get(value.clone()).ok_or(short)?;
                let name = strings
                    .get(name..)
                    .ok_or("a property's name lies outside the strings")?;
                let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                let node = open.and_then(|open| nodes.get_mut(open));
                let node = node.ok_or("a property belongs to no node")?;
                let place = start + value.start..start + value.end;
                node.properties.push((name, place));
                at = value.end.next_multiple_of(4);
            }
            END_NODE => {
                open = nodes[open.ok_or("a node ends without a beginning")?].parent;
            }
            NOP => {}
            END if open.is_none() => return Ok(nodes),
            END => return Err("a node has no end"),
            _ => return Err("its structure has an unknown token"),
        }
    }
}
