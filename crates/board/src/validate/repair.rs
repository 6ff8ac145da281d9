//! The nearest map that is whole: what advice about places tells people to write.
//!
//! Advice for one partition alone sends its reader from error to error, since a partition that
//! grows to a whole erase block pushes its neighbour. So the whole map is laid out anew, once, and
//! each partition's advice is its place there.

use crate::{Board, Partition};

/// A map that covers the chip, in bytes.
pub(super) struct Repair {
    /// Start and end of each partition, in the board's order; `None`: it is left out.
    pub(super) places: Vec<Option<(u64, u64)>>,
    /// What is left between them, start and end.
    pub(super) gaps: Vec<(u64, u64)>,
}

/// Why there is no such map.
pub(super) enum Hopeless {
    /// The chip, its erase blocks or a partition's end are no numbers to count with.
    Unknown,
    /// The partitions need this many bytes more than the chip has.
    TooMuch(u64),
}

/// Lays the map out anew.
pub(super) fn repair(board: &Board) -> Result<Repair, Hopeless> {
    let block = board.flash.erase_block.get();
    let chip = board.flash.size.get();
    let chip = (block > 0 && chip > 0)
        .then(|| chip.checked_next_multiple_of(block))
        .flatten()
        .ok_or(Hopeless::Unknown)?;
    let whole = |p: &Partition| {
        let end = p.offset.get().checked_add(p.size.get())?;
        Some(
            end.max(p.offset.get() + 1)
                .checked_next_multiple_of(block)?
                .min(u64::MAX / 2),
        )
    };
    if board.partitions.iter().any(|p| whole(p).is_none()) {
        return Err(Hopeless::Unknown);
    }
    let kept: Vec<usize> = (0..board.partitions.len())
        .filter(|&at| held_by(board, at).is_empty())
        .collect();
    let wanted: Vec<Wanted> = kept
        .iter()
        .map(|&at| Wanted::new(&board.partitions[at], block))
        .collect();
    let (moved, over) = moved(&wanted, chip);
    let laid = match moved {
        Some(laid) => laid,
        None => cut(&wanted, chip).ok_or(Hopeless::TooMuch(over))?,
    };
    let mut places = vec![None; board.partitions.len()];
    let (mut gaps, mut reached) = (Vec::new(), 0);
    for (&at, &(start, end)) in kept.iter().zip(&laid) {
        if start > reached {
            gaps.push((reached, start));
        }
        reached = end;
        places[at] = Some((start, end));
    }
    if reached < chip && !laid.is_empty() {
        gaps.push((reached, chip));
    }
    Ok(Repair { places, gaps })
}

/// The partitions that the partition at `at` is only another name for: it has nothing of its own, and
/// is the whole chip or lies over several from where the first starts. Empty where it is one like
/// any other.
pub(super) fn held_by(board: &Board, at: usize) -> Vec<&Partition> {
    let outer = &board.partitions[at];
    let range = |p: &Partition| (p.offset.get(), p.offset.get().saturating_add(p.size.get()));
    let (start, end) = range(outer);
    let own = outer.image.is_some()
        || outer.slot.is_some()
        || outer.root
        || outer.budget.is_some()
        || outer.filesystem.is_some();
    let held: Vec<&Partition> = board
        .partitions
        .iter()
        .enumerate()
        .filter(|(other, p)| {
            let (from, to) = range(p);
            *other != at && from < to && start <= from && to <= end && to - from < end - start
        })
        .map(|(_, p)| p)
        .collect();
    let whole = start == 0 && end >= board.flash.size.get();
    let several = held.len() > 1 && held.iter().any(|p| p.offset.get() == start);
    if own || !(whole || several) {
        return Vec::new();
    }
    held
}

/// A partition's place in whole erase blocks, before neighbours are looked at.
struct Wanted {
    start: u64,
    end: u64,
    size: u64,
}

impl Wanted {
    fn new(partition: &Partition, block: u64) -> Self {
        let (offset, size) = (partition.offset.get(), partition.size.get());
        Self {
            start: offset / block * block,
            // Checked by the caller.
            end: (offset + size).max(offset + 1).next_multiple_of(block),
            size: size.max(1).next_multiple_of(block),
        }
    }
}

/// Every partition as large as it is, moved no further than it must be; `None` where the chip is
/// too small for all, by the second number.
fn moved(wanted: &[Wanted], chip: u64) -> (Option<Vec<(u64, u64)>>, u64) {
    let sum: u128 = wanted.iter().map(|w| u128::from(w.size)).sum();
    if let Some(over) = sum.checked_sub(u128::from(chip)).filter(|over| *over > 0) {
        return (None, u64::try_from(over).unwrap_or(u64::MAX));
    }
    let mut starts = Vec::with_capacity(wanted.len());
    let mut reached = 0;
    for one in wanted {
        let start = one.start.max(reached);
        starts.push(start);
        reached = start.saturating_add(one.size);
    }
    // Back from the chip's end, into gaps that are before it.
    let mut limit = chip;
    for (one, start) in wanted.iter().zip(&mut starts).rev() {
        *start = (*start).min(limit - one.size);
        limit = *start;
    }
    let places = wanted
        .iter()
        .zip(starts)
        .map(|(one, start)| (start, start + one.size));
    (Some(places.collect()), 0)
}

/// Every partition where it is, cut short where the next one starts; `None` where two start in the
/// same erase block or one behind the chip.
fn cut(wanted: &[Wanted], chip: u64) -> Option<Vec<(u64, u64)>> {
    let next = wanted.iter().skip(1).map(|one| one.start).chain([chip]);
    let cut =
        |(one, next): (&Wanted, u64)| (one.start < next).then_some((one.start, one.end.min(next)));
    wanted.iter().zip(next).map(cut).collect()
}
