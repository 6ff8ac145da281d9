//! The board's map for a program of one's own: the same chip, without the budgets of ours.

use std::path::Path;

use anyhow::{Context as _, Result};
use board::{Board, Server};
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
    let budget = own.app.budget.unwrap_or(root.size);
    component["name"] = value(component_name(&own.bin));
    component["file"] = value(image.to_string_lossy().into_owned());
    component["path"] = value(own.installed());
    component["budget"] = value(budget.with_unit());
    document
        .entry("component")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .context("[[component]] in board.toml is a list of tables")?
        .push(component);
    let mut server = Table::new();
    let Server { port, path } = answers(own);
    server["port"] = value(i64::from(port));
    server["path"] = value(path);
    document["server"] = Item::Table(server);
    let text = format!(
        "# The map of boards/{}/board.toml for {}: partitions may take what they hold.\n\n{document}",
        before.name,
        own.title()
    );
    let board = Board::parse(&text, shown)?;
    Ok((text, board))
}

/// Where the program answers.
pub fn answers(own: &OwnCrate) -> Server {
    Server {
        port: own.app.port.unwrap_or(80),
        path: own.app.path.clone().unwrap_or_else(|| "/".to_owned()),
    }
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
