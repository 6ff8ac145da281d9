//! Whether the partitions cover the chip to its last byte, each byte once: what no one declared is
//! where two people put their things.

use std::collections::BTreeSet;

use super::enforced::{JFFS2_BLOCKS, least};
use super::repair::{Hopeless, Repair, held_by, repair};
use super::{is_multiple, note};
use crate::name::variable;
use crate::units::{Bytes, Offset};
use crate::{Board, Partition, Problem};

/// The rules of places.
pub(super) fn map(board: &Board, out: &mut Vec<Problem>) {
    let mut advice = Advice::new(board);
    let mut own = Vec::new();
    for (at, partition) in board.partitions.iter().enumerate() {
        let held = held_by(board, at);
        if held.is_empty() {
            own.push(at);
            blocks(board, at, &mut advice, out);
        } else {
            over_others(board, partition, &held, out);
        }
    }
    if board.flash.size.0 > 0 {
        cover(board, &own, &mut advice, out);
    }
    advice.rest(out);
}

/// What to write, taken from the repaired map; each partition's is told once.
struct Advice<'a> {
    board: &'a Board,
    repair: Result<Repair, Hopeless>,
    told: BTreeSet<usize>,
}

impl<'a> Advice<'a> {
    fn new(board: &'a Board) -> Self {
        Advice {
            board,
            repair: repair(board),
            told: BTreeSet::new(),
        }
    }

    /// `write offset = "64 KiB" and size = "128 KiB"`, of what changes; `None` where nothing does.
    fn change(&self, at: usize) -> Option<String> {
        let (start, end) = self.repair.as_ref().ok()?.places[at]?;
        let partition = &self.board.partitions[at];
        let mut changes = Vec::new();
        if partition.offset.get() != start {
            changes.push(format!("offset = {}", self.board.written(start)));
        }
        if partition.size.get() != end - start {
            changes.push(format!("size = {}", self.board.written(end - start)));
        }
        (!changes.is_empty()).then(|| format!("write {}", changes.join(" and ")))
    }

    /// The partition's own advice, else that of its neighbour, else `otherwise`.
    fn tell(&mut self, at: usize, neighbour: Option<usize>, otherwise: &str) -> String {
        if let Some(change) = self.change(at) {
            self.told.insert(at);
            return change;
        }
        let of_neighbour = neighbour.and_then(|at| Some((at, self.change(at)?)));
        if let Some((at, change)) = of_neighbour {
            self.told.insert(at);
            return format!("{change} for {}", self.board.partitions[at].name);
        }
        otherwise.to_owned()
    }

    /// Advice that no problem had yet: of partitions that give way, and of what remains between.
    fn rest(&mut self, out: &mut Vec<Problem>) {
        let board = self.board;
        let repair = match &self.repair {
            Ok(repair) => repair,
            Err(Hopeless::Unknown) => return,
            Err(Hopeless::TooMuch(over)) => {
                let message = format!(
                    "flash: in whole erase blocks, the partitions need {} more than the chip's \
                     {}; an erase block has {}: shrink or remove one",
                    board.told(*over),
                    board.told(board.flash.size),
                    board.told(board.flash.erase_block),
                );
                return note(out, board.flash.size_line, message);
            }
        };
        for (at, partition) in board.partitions.iter().enumerate() {
            if let Some(change) = self.change(at).filter(|_| !self.told.contains(&at)) {
                let message = format!("{}: to match the other changes, {change}", partition.name);
                note(out, partition.line, message);
            }
        }
        let mut names: BTreeSet<String> =
            board.partitions.iter().map(|p| variable(&p.name)).collect();
        for &(start, end) in &repair.gaps {
            let mut count = 1;
            let mut name = "reserved".to_owned();
            while !names.insert(variable(&name)) {
                count += 1;
                name = format!("reserved-{count}");
            }
            // The partition behind it, else the chip's end.
            let behind = repair
                .places
                .iter()
                .position(|place| place.is_some_and(|(from, _)| from == end));
            let line = behind.map_or(board.flash.size_line, |at| board.partitions[at].line);
            let message = format!(
                "{} from {} belong to no partition: declare them, as in [[partition]] name = \
                 \"{name}\", offset = {}, size = {}",
                board.told(end - start),
                board.told(start),
                board.written(start),
                board.written(end - start),
            );
            note(out, line, message);
        }
    }
}

/// Whether a partition starts and ends with erase blocks, and has enough of them.
fn blocks(board: &Board, at: usize, advice: &mut Advice<'_>, out: &mut Vec<Problem>) {
    let Partition {
        name,
        line,
        offset,
        size,
        size_line,
        ..
    } = &board.partitions[at];
    let block = board.flash.erase_block;
    if size.0 == 0 {
        let message = format!(
            "{name}: has no size: {}, or remove it",
            advice.tell(
                at,
                None,
                &format!("give it whole erase blocks of {}", board.told(block))
            ),
        );
        note(out, *size_line, message);
    }
    if !is_multiple(offset.0, block) {
        let message = format!(
            "{name}: starts at {}, inside an erase block of {}: erasing its neighbour would \
             erase it; {}",
            board.told(*offset),
            board.told(block),
            advice.tell(at, None, "align its start to a block"),
        );
        note(out, *line, message);
    }
    if !is_multiple(size.0, block) {
        let message = format!(
            "{name}: {} is not a whole number of erase blocks of {}: {}",
            board.told(*size),
            board.told(block),
            advice.tell(at, None, "make it one"),
        );
        note(out, *size_line, message);
    }
    if let Some(least) = least(board, &board.partitions[at]).filter(|least| size.0 < *least) {
        let message = format!(
            "{name}: {} are {} erase blocks of {}, but the kernel mounts a JFFS2 only with \
             {JFFS2_BLOCKS} or more: {}",
            board.told(*size),
            size.0 / block.0.max(1),
            board.told(block),
            advice.tell(at, None, &format!("make it {} or more", board.told(least))),
        );
        note(out, *size_line, message);
    }
}

fn cover(board: &Board, own: &[usize], advice: &mut Advice<'_>, out: &mut Vec<Problem>) {
    // A chip that is not whole blocks is told as such, and not once more at its last partition.
    let chip = board.flash.size;
    let whole = chip
        .0
        .checked_next_multiple_of(board.flash.erase_block.0.max(1));
    let chip = Bytes(whole.unwrap_or(chip.0));
    let mut reached = Offset(0);
    let mut before: Option<usize> = None;
    for &at in own {
        let partition = &board.partitions[at];
        let name = &partition.name;
        let Some(end) = partition.offset.checked_add(partition.size) else {
            let message =
                format!("{name}: its end does not fit in 64 bits: check its offset and size");
            note(out, partition.line, message);
            continue;
        };
        if end.0 > chip.0 {
            let message = format!(
                "{name}: ends at {end}, but the chip has {chip} ({}), over by {}: {}",
                board.at(board.flash.size_line),
                Bytes(end.0 - chip.0),
                advice.tell(at, None, "shrink or move it"),
            );
            note(out, partition.line, message);
        }
        if let Some(earlier) = before.filter(|_| partition.offset < reached) {
            let message = format!(
                "{name}: starts at {}, but {} ({}) ends at {}, so they share {} bytes: {}",
                board.told(partition.offset),
                board.partitions[earlier].name,
                board.at(board.partitions[earlier].line),
                board.told(reached),
                Bytes(reached.0.min(end.0) - partition.offset.0),
                advice.tell(at, Some(earlier), "move or shrink one"),
            );
            note(out, partition.line, message);
        } else {
            // What is behind the chip's end is nobody's gap.
            let until = partition.offset.0.min(chip.0);
            if until > reached.0 {
                gap(board, (reached.0, until), partition.line, advice, out);
            }
        }
        if end > reached {
            reached = end;
            before = Some(at);
        }
    }
    if before.is_some() && reached.0 < chip.0 {
        gap(
            board,
            (reached.0, chip.0),
            board.flash.size_line,
            advice,
            out,
        );
    }
}

/// A partition that is another name for others: what vendors declare as `all` or `firmware`.
fn over_others(board: &Board, outer: &Partition, held: &[&Partition], out: &mut Vec<Problem>) {
    let names: Vec<&str> = held.iter().map(|p| p.name.as_str()).collect();
    let whole = outer.size.get() >= board.flash.size.get();
    let has = match whole {
        true => "[flash] describes the chip",
        false => "the map has the partitions inside it",
    };
    let message = format!(
        "{0}: spans {1}, but a byte can belong to only one partition: remove `{0}`; {has}",
        outer.name,
        names.join(", "),
    );
    note(out, outer.line, message);
}

/// Bytes of no partition that a partition takes in the repaired map; those that stay free there are
/// told with it.
fn gap(
    board: &Board,
    (from, to): (u64, u64),
    line: usize,
    advice: &mut Advice<'_>,
    out: &mut Vec<Problem>,
) {
    let within = |(start, end): (u64, u64)| start < to && from < end;
    let taker = match &advice.repair {
        Ok(repair) if repair.gaps.iter().any(|&gap| within(gap)) => return,
        Ok(repair) => repair
            .places
            .iter()
            .position(|place| place.is_some_and(within)),
        Err(_) => None,
    };
    let advice = match taker.and_then(|at| Some((at, advice.change(at)?))) {
        Some((at, change)) => {
            advice.told.insert(at);
            format!("{change} for {}", board.partitions[at].name)
        }
        None => "declare them, or add them to a neighbour".to_owned(),
    };
    let message = format!(
        "{} from {} belong to no partition: {advice}",
        board.told(to - from),
        board.told(from),
    );
    note(out, line, message);
}
