//! The board's map for a program of one's own: the same chip, without the budgets of ours.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use board::units::{Bytes, Offset};
use board::{Board, Partition};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use crate::krate::OwnCrate;
use crate::start::SERVER;

/// The text of a board.toml and the board it describes, for the image with `own` in the server's
/// place: partitions take what they hold, and the program its budget.
///
/// # Errors
/// When the text is no board.toml; `shown` is what errors call the new one.
pub fn derive(text: &str, own: &OwnCrate, shown: &Path) -> Result<(String, Board)> {
    let before = Board::parse(text, shown)?;
    let mut document = text.parse::<DocumentMut>().context("in board.toml")?;
    document.remove("slot");
    if let Some(partitions) = tables(&mut document, "partition") {
        for partition in partitions.iter_mut() {
            partition.remove("budget");
        }
    }
    let root = before.partitions.iter().find(|partition| partition.root);
    let root = root.context("board.toml has no root file system")?;
    let image = root
        .image
        .as_ref()
        .context("the root file system has no image")?;
    let ours = |table: &Table| {
        let is = |key, wanted: &str| table.get(key).and_then(Item::as_str) == Some(wanted);
        is("path", SERVER) || is("file", "tinyrust")
    };
    let components = tables(&mut document, "component");
    if let Some(components) = components {
        components.retain(|table| !ours(table));
    }
    let mut component = Table::new();
    // What the partition holds is checked anyway.
    let slot = before.slots().first().map(|slot| slot.size());
    let budget = own.app.budget.or(slot).unwrap_or(root.size);
    component["name"] = value(component_name(&own.bin));
    component["file"] = value(image.to_string_lossy().into_owned());
    component["path"] = value(own.installed());
    component["budget"] = value(budget.with_unit());
    document
        .entry("component")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .context("[[component]] in board.toml is not a list of tables")?
        .push(component);
    let mut server = Table::new();
    server["port"] = value(i64::from(own.app.port.unwrap_or(80)));
    server["path"] = value(own.app.path.as_deref().unwrap_or("/"));
    server["program"] = value(own.installed());
    document["server"] = Item::Table(server);
    let text = format!(
        "# The map of boards/{}/board.toml for {}: each partition may fill up completely.\n\n{document}",
        before.name,
        own.title()
    );
    let board = Board::parse(&text, shown)?;
    Ok((text, board))
}

/// The same board.toml with the partitions of each slot cut so that their images fit, in the order
/// they have: each takes the erase blocks it needs, the last one the rest. `None` where no partition is
/// too small, or a slot does not hold its images however it is cut.
///
/// # Errors
/// When the text is not that of `board`.
pub fn recut(text: &str, board: &Board, used: &BTreeMap<String, Bytes>) -> Result<Option<String>> {
    let block = board.flash.erase_block.get();
    let over = |partition: &&Partition| {
        used.get(&partition.name)
            .is_some_and(|used| *used > partition.size)
    };
    if !board.partitions.iter().any(|partition| over(&partition)) {
        return Ok(None);
    }
    let mut cut = BTreeMap::new();
    for slot in board.slots() {
        let parts = &slot.partitions;
        let [others @ .., last] = &parts[..] else {
            return Ok(None);
        };
        let contiguous = parts.windows(2).all(|two| two[0].end() == two[1].offset);
        if !contiguous {
            return Ok(None);
        }
        let mut at = parts[0].offset.get();
        let end = last.end().get();
        let need = |name: &str| {
            used.get(name)
                .map_or(0, |bytes| bytes.get().next_multiple_of(block))
        };
        for partition in others {
            let size = need(&partition.name).max(block);
            cut.insert(partition.name.clone(), (at, size));
            at += size;
        }
        if at + need(&last.name) > end {
            return Ok(None);
        }
        cut.insert(last.name.clone(), (at, end - at));
    }
    let mut document = text.parse::<DocumentMut>().context("in board.toml")?;
    let partitions = tables(&mut document, "partition").context("no [[partition]]")?;
    for table in partitions.iter_mut() {
        let name = table.get("name").and_then(Item::as_str).unwrap_or_default();
        if let Some(&(offset, size)) = cut.get(name) {
            table["offset"] = value(Offset(offset).with_unit());
            table["size"] = value(Bytes(size).with_unit());
        }
    }
    Ok(Some(document.to_string()))
}

fn tables<'a>(document: &'a mut DocumentMut, name: &str) -> Option<&'a mut ArrayOfTables> {
    document.get_mut(name)?.as_array_of_tables_mut()
}

/// A name in board.toml begins with a letter and is short.
fn component_name(bin: &str) -> String {
    let starts = bin.starts_with(|c: char| c.is_ascii_alphabetic());
    let name = match starts {
        true => bin.to_owned(),
        false => format!("program-{bin}"),
    };
    name.chars().take(LONGEST_NAME).collect()
}

/// What board.toml takes for a name.
const LONGEST_NAME: usize = 28;
