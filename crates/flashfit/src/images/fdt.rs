//! Flattened device trees, which FIT images are: how long the file must be.
//!
//! Format: Devicetree Specification 5. A FIT image may keep its data behind the tree (`mkimage -E`);
//! `data-size` and `data-offset` or `data-position` of a node then say where (the U-Boot
//! documentation, "FIT external data").

const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const NOP: u32 = 4;
const END: u32 = 9;

/// Where a node's data are, each as far as it says so.
#[derive(Default)]
struct External {
    size: Option<u32>,
    offset: Option<u32>,
    position: Option<u32>,
}

/// The end of the tree or of the data behind it, whichever is later.
///
/// # Errors
///
/// What is wrong with a tree that contradicts itself.
pub(super) fn end(blob: &[u8]) -> Result<u64, &'static str> {
    let header = |at: usize| word(blob, at).ok_or("its header is cut short");
    let total = header(4)?;
    // Data behind the tree are counted from the next multiple of four.
    let behind = u64::from(total).next_multiple_of(4);
    let (structure, strings) = (header(8)? as usize, header(12)? as usize);
    let (strings_size, structure_size) = (header(32)? as usize, header(36)? as usize);
    let blob = blob
        .get(..total as usize)
        .ok_or("it is shorter than its header says")?;
    let block = |start: usize, size: usize| blob.get(start..start.checked_add(size)?);
    let structure =
        block(structure, structure_size).ok_or("its structure lies outside the file")?;
    let strings = block(strings, strings_size).ok_or("its strings lie outside the file")?;

    let mut end = u64::from(total);
    let mut open: Vec<External> = Vec::new();
    let mut at = 0;
    loop {
        let token = word(structure, at).ok_or("its structure has no end")?;
        at += 4;
        match token {
            BEGIN_NODE => {
                let rest = structure.get(at..).unwrap_or_default();
                let name = rest.iter().position(|byte| *byte == 0);
                at = (at + name.ok_or("a node's name has no end")? + 1).next_multiple_of(4);
                open.push(External::default());
            }
            PROPERTY => {
                let short = "a property is cut short";
                let size = word(structure, at).ok_or(short)? as usize;
                let name = word(structure, at + 4).ok_or(short)? as usize;
                let value = structure
                    .get(at + 8..)
                    .and_then(|rest| rest.get(..size))
                    .ok_or(short)?;
                let name = strings
                    .get(name..)
                    .ok_or("a property's name lies outside the strings")?;
                let node = open.last_mut().ok_or("a property belongs to no node")?;
                let number = word(value, 0);
                match name.split(|byte| *byte == 0).next().unwrap_or_default() {
                    b"data-size" => node.size = number,
                    b"data-offset" => node.offset = number,
                    b"data-position" => node.position = number,
                    _ => {}
                }
                at = (at + 8 + size).next_multiple_of(4);
            }
            END_NODE => {
                let node = open.pop().ok_or("a node ends without a beginning")?;
                let start = match (node.position, node.offset) {
                    (Some(position), _) => Some(u64::from(position)),
                    (None, Some(offset)) => Some(behind + u64::from(offset)),
                    (None, None) => None,
                };
                if let (Some(start), Some(size)) = (start, node.size) {
                    end = end.max(start + u64::from(size));
                }
            }
            NOP => {}
            END if open.is_empty() => return Ok(end),
            END => return Err("a node has no end"),
            _ => return Err("its structure has an unknown token"),
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|four| u32::from_be_bytes(*four))
}
