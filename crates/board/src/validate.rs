//! What no single value shows: the map as a whole.

mod boot_loader;
mod enforced;
mod map;
mod repair;
mod slots;

use std::collections::BTreeMap;

use crate::name::variable;
use crate::units::Bytes;
use crate::{Board, Partition, Problem};

/// Everything that is wrong with the board.
pub(super) fn problems(board: &Board) -> Vec<Problem> {
    let mut out = Vec::new();
    names(board, &mut out);
    chip(board, &mut out);
    for partition in &board.partitions {
        budget(board, partition, &mut out);
    }
    map::map(board, &mut out);
    slots::slots(board, &mut out);
    enforced::enforced(board, &mut out);
    boot_loader::boot_loader(board, &mut out);
    out
}

fn note(out: &mut Vec<Problem>, line: usize, message: String) {
    out.push(Problem { line, message });
}

/// Two names that differ only in `-` and `_` or in case would be one shell variable.
fn names(board: &Board, out: &mut Vec<Problem>) {
    let partitions = board
        .partitions
        .iter()
        .map(|p| ("partition", &p.name, p.line));
    let components = board
        .components
        .iter()
        .map(|c| ("component", &c.name, c.line));
    for list in [partitions.collect::<Vec<_>>(), components.collect()] {
        let mut seen: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        let mut list = list;
        list.sort_by_key(|(_, _, line)| *line);
        for (kind, name, line) in list {
            if let Some((first, at)) = seen.get(&variable(name)) {
                let as_variable = if first == name {
                    String::new()
                } else {
                    " as a variable".to_owned()
                };
                note(
                    out,
                    line,
                    format!(
                        "{kind} {name}: has the same name as {first} (line {at}){as_variable}: \
                         rename one"
                    ),
                );
            } else {
                seen.insert(variable(name), (name, line));
            }
        }
    }
}

fn chip(board: &Board, out: &mut Vec<Problem>) {
    let flash = &board.flash;
    if !is_multiple(flash.size.0, flash.erase_block) {
        let whole = flash.size.0.checked_next_multiple_of(flash.erase_block.0);
        let advice = whole.map_or_else(String::new, |whole| {
            format!("write size = {}, or ", board.written(whole))
        });
        let message = format!(
            "flash: {} is not a whole number of erase blocks of {}: {advice}correct `erase-block`",
            board.told(flash.size),
            board.told(flash.erase_block),
        );
        note(out, flash.size_line, message);
    }
    if board.partitions.is_empty() {
        note(
            out,
            flash.size_line,
            "no [[partition]]: the map must assign every block of the chip".to_owned(),
        );
    }
}

/// A block size of zero is reported as such and would make everything unaligned.
fn is_multiple(value: u64, block: Bytes) -> bool {
    block.0 == 0 || value.is_multiple_of(block.0)
}

fn budget(board: &Board, partition: &Partition, out: &mut Vec<Problem>) {
    let Partition { name, size, .. } = partition;
    if let Some(budget) = partition.budget {
        if budget.bytes > *size {
            note(
                out,
                budget.line,
                format!(
                    "{name}: budget of {} bytes, but the partition has {size} ({}), over by {}: \
                     lower the budget or enlarge the partition",
                    budget.bytes,
                    board.at(partition.size_line),
                    Bytes(budget.bytes.0 - size.0),
                ),
            );
        }
        if partition.image.is_none() {
            note(
                out,
                budget.line,
                format!(
                    "{name}: has a budget but no image to measure: name its file with `image`, \
                     or remove the budget"
                ),
            );
        }
    }
}
