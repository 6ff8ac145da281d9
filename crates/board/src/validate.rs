//! What no single value shows: the map as a whole.

mod slots;

use std::collections::BTreeMap;

use crate::name::variable;
use crate::units::{Bytes, Offset};
use crate::{Board, Partition, Problem};

/// Everything that is wrong with the board.
pub(super) fn problems(board: &Board) -> Vec<Problem> {
    let mut out = Vec::new();
    names(board, &mut out);
    chip(board, &mut out);
    for partition in &board.partitions {
        single(board, partition, &mut out);
    }
    if board.flash.size.0 > 0 {
        cover(board, &mut out);
    }
    slots::slots(board, &mut out);
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
                        "{kind} {name}: has the name of {first} (line {at}){as_variable}: rename one"
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
        let message = format!(
            "flash: {} is not a whole number of erase blocks of {}",
            flash.size.with_unit(),
            flash.erase_block.with_unit()
        );
        note(out, flash.size_line, message);
    }
    if board.partitions.is_empty() {
        note(
            out,
            flash.size_line,
            "no [[partition]]: the map must say what every block of the chip is for".to_owned(),
        );
    }
}

/// A block size of zero is reported as such and would make everything unaligned.
fn is_multiple(value: u64, block: Bytes) -> bool {
    block.0 == 0 || value.is_multiple_of(block.0)
}

fn single(board: &Board, partition: &Partition, out: &mut Vec<Problem>) {
    let Partition {
        name,
        line,
        offset,
        size,
        ..
    } = partition;
    let block = board.flash.erase_block;
    if size.0 == 0 {
        note(
            out,
            partition.size_line,
            format!(
                "{name}: has no size: give it whole erase blocks of {}, or remove it",
                block.with_unit()
            ),
        );
    }
    if !is_multiple(offset.0, block) {
        note(
            out,
            *line,
            format!(
                "{name}: starts at {}, which is within an erase block of {}: erasing its neighbour would erase it; start it at {}",
                offset.with_unit(),
                block.with_unit(),
                Offset(offset.0 / block.0 * block.0).with_unit(),
            ),
        );
    }
    if !is_multiple(size.0, block) {
        note(
            out,
            partition.size_line,
            format!(
                "{name}: {} is not a whole number of erase blocks of {}: make it {}",
                size.with_unit(),
                block.with_unit(),
                round_up(*size, block),
            ),
        );
    }
    if let Some(budget) = partition.budget {
        if budget.bytes > *size {
            note(
                out,
                budget.line,
                format!(
                    "{name}: budget of {} bytes, {size} in the partition ({}), over by {}: lower the budget or enlarge the partition",
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
                    "{name}: has a budget and no image to measure: name its file with `image`, or remove the budget"
                ),
            );
        }
    }
}

/// `size` in whole blocks, as board.toml writes it.
fn round_up(size: Bytes, block: Bytes) -> String {
    size.0
        .checked_next_multiple_of(block.0)
        .map_or_else(|| "smaller".to_owned(), |n| Bytes(n).with_unit())
}

/// The partitions must cover the chip to its last byte, each byte once: what no one
/// declared is where two people put their things.
fn cover(board: &Board, out: &mut Vec<Problem>) {
    let chip = board.flash.size;
    let mut reached = Offset(0);
    let mut before: Option<&Partition> = None;
    for partition in &board.partitions {
        let name = &partition.name;
        let Some(end) = partition.offset.checked_add(partition.size) else {
            note(
                out,
                partition.line,
                format!("{name}: ends past 64 bits: check its offset and size"),
            );
            continue;
        };
        if end.0 > chip.0 {
            note(
                out,
                partition.line,
                format!(
                    "{name}: ends at {end}, {chip} in the chip ({}), over by {}: shrink or move it",
                    board.at(board.flash.size_line),
                    Bytes(end.0 - chip.0),
                ),
            );
        }
        if let Some(before) = before.filter(|_| partition.offset < reached) {
            note(
                out,
                partition.line,
                format!(
                    "{name}: starts at {}, {} ({}) ends at {}, they share {} bytes: move or shrink one",
                    partition.offset.with_unit(),
                    before.name,
                    board.at(before.line),
                    reached.with_unit(),
                    Bytes(reached.0.min(end.0) - partition.offset.0),
                ),
            );
        } else if partition.offset > reached {
            gap(reached, partition.offset, partition.line, out);
        }
        if end > reached {
            reached = end;
            before = Some(partition);
        }
    }
    if reached.0 < chip.0 && !board.partitions.is_empty() {
        gap(reached, Offset(chip.0), board.flash.size_line, out);
    }
}

fn gap(from: Offset, to: Offset, line: usize, out: &mut Vec<Problem>) {
    let size = Bytes(to.0 - from.0).with_unit();
    let from = from.with_unit();
    note(
        out,
        line,
        format!(
            "{size} from {from} on belong to no partition: declare them, as in \
         [[partition]] name = \"reserved\", offset = \"{from}\", size = \"{size}\""
        ),
    );
}
