//! A map in a device tree's source (binding mtd/partitions/fixed-partitions.yaml in Linux).
//!
//! A macro where the map needs a number is an error: the C preprocessor has not run.

mod tree;

use super::lexer::{Fault, Kind, Token, fault, number};
use super::{Map, Number, Part};
use tree::Node;

impl<'a> Node<'a> {
    fn is_map(&self) -> bool {
        let values = self
            .property("compatible")
            .map(|(_, values)| values.as_slice());
        let map = |value: &Token| value.kind == Kind::Text && value.text == "fixed-partitions";
        values.unwrap_or_default().iter().any(map)
    }

    /// The numbers of `<…>`, in one or several pairs of brackets.
    fn cells(&self, name: &str) -> Result<Vec<Number>, Fault> {
        let Some((_, values)) = self.property(name) else {
            return fault(self.at, format!("`{}` has no `{name}`", self.name));
        };
        let mut cells = Vec::new();
        let mut within = false;
        for value in values {
            match (value.kind, value.text) {
                (Kind::Sign, "<") if !within => within = true,
                (Kind::Sign, ">") if within => within = false,
                (_, ",") if !within => {}
                (Kind::Word, text) if within => {
                    let cell = number(text, &[]).filter(|cell| cell.value <= u64::from(u32::MAX));
                    let Some(cell) = cell else {
                        let message = format!(
                            "`{text}` is not a 32-bit number: write one, or run the C \
                             preprocessor first"
                        );
                        return fault(value.at, message);
                    };
                    cells.push(cell);
                }
                (_, text) => {
                    let message = format!(
                        "`{text}` in `{name}`: write numbers, as in <0x50000 0x10000>, and the \
                         result of an expression"
                    );
                    return fault(value.at, message);
                }
            }
        }
        Ok(cells)
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.property(name) {
            None => Ok(None),
            Some((_, values)) => match values[..] {
                [
                    Token {
                        kind: Kind::Text,
                        text,
                        ..
                    },
                ] => Ok(Some(text)),
                _ => fault(
                    self.at,
                    format!("`{name}` of `{}` is not a string", self.name),
                ),
            },
        }
    }
}

/// Reads the source.
pub(super) fn read(text: &str, chip: Option<&str>) -> Result<Map, Fault> {
    let top = tree::read(text)?;
    let mut maps = Vec::new();
    for node in &top {
        find(node, &mut maps);
    }
    let meant = |(around, _): &(Option<&Node>, &Node)| {
        chip.is_none_or(|chip| {
            around.is_some_and(|node| {
                node.labels.contains(&chip)
                    || node.path.as_deref() == Some(chip)
                    || node.name == chip
            })
        })
    };
    let mut meant = maps.iter().filter(|map| meant(map));
    let Some((around, node)) = meant.next() else {
        let message = match chip {
            Some(chip) if !maps.is_empty() => {
                format!("no node with `compatible = \"fixed-partitions\"` in the chip {chip}")
            }
            _ => "no node with `compatible = \"fixed-partitions\"`: older trees have the \
                  partitions in the chip's own node; move them into such a node"
                .to_owned(),
        };
        return fault(0, message);
    };
    if let Some((_, second)) = meant.next() {
        return fault(
            second.at,
            "a second node of `fixed-partitions`: select the chip with --chip",
        );
    }
    Ok(Map {
        dt_node: around.and_then(|node| node.path.clone()),
        parts: partitions(node)?,
        ..Map::default()
    })
}

/// Every map, with the node around it; a map within a map is the outer one's business.
fn find<'n, 'a>(node: &'n Node<'a>, maps: &mut Vec<(Option<&'n Node<'a>>, &'n Node<'a>)>) {
    if node.is_map() {
        maps.push((None, node));
        return;
    }
    for inner in &node.nodes {
        if inner.is_map() {
            maps.push((Some(node), inner));
        } else {
            find(inner, maps);
        }
    }
}

fn partitions(map: &Node) -> Result<Vec<Part>, Fault> {
    let count = |name: &str| match map.cells(name)?[..] {
        [
            Number {
                value: cells @ (1 | 2),
                ..
            },
        ] => Ok(cells),
        _ => fault(map.at, format!("`{name}` is neither 1 nor 2")),
    };
    let (address, size) = (count("#address-cells")?, count("#size-cells")?);
    let mut parts = Vec::new();
    for node in &map.nodes {
        if node.is_map() || node.nodes.iter().any(Node::is_map) {
            let message = format!(
                "`{}` has partitions of its own, but a map has only one level: replace it with \
                 them",
                node.name
            );
            return fault(node.at, message);
        }
        let cells = node.cells("reg")?;
        if cells.len() as u64 != address + size {
            let message = format!(
                "`reg` of `{}` has {} cells, but #address-cells and #size-cells require {}",
                node.name,
                cells.len(),
                address + size
            );
            return fault(node.at, message);
        }
        let (offset, size) = cells.split_at(usize::try_from(address).unwrap_or(1));
        let unit = node.name.find('@').unwrap_or(node.name.len());
        parts.push(Part {
            name: node.text("label")?.unwrap_or(&node.name[..unit]).to_owned(),
            offset: joined(offset),
            size: joined(size),
            read_only: node.property("read-only").is_some(),
            image: None,
        });
    }
    if parts.is_empty() {
        return fault(map.at, format!("`{}` has no partition", map.name));
    }
    Ok(parts)
}

fn joined(cells: &[Number]) -> Number {
    Number {
        value: cells.iter().fold(0, |value, cell| value << 32 | cell.value),
        hexadecimal: cells.iter().any(|cell| cell.hexadecimal),
    }
}
