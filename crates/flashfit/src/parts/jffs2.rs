//! JFFS2, of either endianness: a log of nodes, of which the latest version counts.
//!
//! Format: include/uapi/linux/jffs2.h and fs/jffs2/ in Linux.

mod node;
mod tree;

use super::{Content, Damage, Finding, Found, Part};
use crate::report::Kind;
use node::{Endian, Node, node};

const WHAT: &str = "JFFS2";

/// The largest erase block. A chip that was erased for longer than that holds no more of it: JFFS2
/// marks the blocks that it erases.
const ERASE_BLOCK: usize = 256 << 10;

/// The grain of what could be another image.
const GRID: usize = 4096;

/// A JFFS2 at the start of `bytes`, up to the end of its last node.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    let endian = [Endian::Little, Endian::Big]
        .into_iter()
        .find(|endian| node(bytes, 0, *endian).is_some())?;
    let (nodes, length) = nodes(bytes, endian);
    Some(read(bytes, endian, &nodes, length))
}

/// All nodes, and the end of the last one.
fn nodes(bytes: &[u8], endian: Endian) -> (Vec<Node>, usize) {
    let mut nodes = Vec::new();
    let (mut at, mut end) = (0, 0);
    while at < bytes.len() && at - end < ERASE_BLOCK {
        if let Some(node) = node(bytes, at, endian) {
            end = (at + node.length).min(bytes.len());
            at = end.next_multiple_of(4);
            nodes.push(node);
        } else if bytes[at..].starts_with(&[0xff; 4]) || !at.is_multiple_of(GRID) {
            // Erased, or what a power cut left of a node.
            at += 4;
        } else {
            break;
        }
    }
    (nodes, end)
}

fn read(bytes: &[u8], endian: Endian, nodes: &[Node], length: usize) -> Result<Found, Damage> {
    let files = tree::read(&bytes[..length], endian, nodes)?;
    let part = Part {
        note: Some(format!("{endian}-endian")),
        content: Content::Files(files),
        ..Part::plain(WHAT, Kind::Filesystem, length)
    };
    Ok(Found::new(part, length))
}
