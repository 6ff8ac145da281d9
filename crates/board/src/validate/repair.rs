//! The nearest map that is whole: what advice about places tells people to write.
//!
//! Advice for one partition alone sends its reader from error to error, since a partition that
//! grows to a whole erase block pushes its neighbour. So the whole map is laid out anew, once, and
//! each partition's advice is its place there.

use super::enforced;
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
    let mut wanted: Vec<Wanted> = kept
        .iter()
        .map(|&at| Wanted::new(board, &board.partitions[at], block))
        .collect();
    let twins = twins(board, &kept);
    for twins in &twins {
        let of = |value: fn(&Wanted) -> u64| twins.iter().map(|&at| value(&wanted[at])).max();
        let (size, least) = (of(|one| one.size), of(|one| one.least));
        for &at in twins {
            wanted[at].size = size.unwrap_or_default();
            wanted[at].least = least.unwrap_or_default();
        }
    }
    let laid = match moved(&wanted, chip) {
        Ok(laid) => laid,
        Err(over) => cut(&wanted, &twins, chip)
            .or_else(|| {
                shrink(&mut wanted, &twins, over, block)?;
                moved(&wanted, chip).ok()
            })
            .ok_or(Hopeless::TooMuch(over))?,
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
    /// What it cannot be smaller than.
    least: u64,
}

impl Wanted {
    fn new(board: &Board, partition: &Partition, block: u64) -> Self {
        let (offset, size) = (partition.offset.get(), partition.size.get());
        let whole = |bytes: u64| bytes.max(1).checked_next_multiple_of(block).unwrap_or(size);
        let filesystem = enforced::least(board, partition).unwrap_or(block);
        // One that is larger than its partition is told as such.
        let budget = partition.budget.map(|budget| budget.bytes.get());
        let budget = budget.filter(|budget| *budget <= size).unwrap_or(block);
        Self {
            start: offset / block * block,
            // Checked by the caller.
            end: (offset + size).max(offset + 1).next_multiple_of(block),
            size: whole(size).max(filesystem),
            least: whole(budget).max(filesystem),
        }
    }
}

/// The partitions of one role in all slots, by their places in `kept`: they are of one size. Any other
/// partition stands alone.
fn twins(board: &Board, kept: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
    for (at, &partition) in kept.iter().enumerate() {
        let partition = &board.partitions[partition];
        let role = partition.slot.as_ref().map(|_| partition.role.as_str());
        match groups
            .iter_mut()
            .find(|(of, _)| role.is_some() && *of == role)
        {
            Some((_, group)) => group.push(at),
            None => groups.push((role, vec![at])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Every partition as large as it is, moved no further than it must be; where the chip is too
/// small for all, by how much.
fn moved(wanted: &[Wanted], chip: u64) -> Result<Vec<(u64, u64)>, u64> {
    let sum: u128 = wanted.iter().map(|w| u128::from(w.size)).sum();
    if let Some(over) = sum.checked_sub(u128::from(chip)).filter(|over| *over > 0) {
        return Err(u64::try_from(over).unwrap_or(u64::MAX));
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
    Ok(places.collect())
}

/// Every partition where it is, cut short where the next one starts; `None` where two start in the
/// same erase block or one behind the chip, or where one would be smaller than it can be.
fn cut(wanted: &[Wanted], twins: &[Vec<usize>], chip: u64) -> Option<Vec<(u64, u64)>> {
    let next = wanted.iter().skip(1).map(|one| one.start).chain([chip]);
    let cut =
        |(one, next): (&Wanted, u64)| (one.start < next).then_some((one.start, one.end.min(next)));
    let mut laid: Vec<(u64, u64)> = wanted.iter().zip(next).map(cut).collect::<Option<_>>()?;
    for twins in twins {
        let size = twins.iter().map(|&at| laid[at].1 - laid[at].0).min()?;
        for &at in twins {
            laid[at].1 = laid[at].0 + size;
        }
    }
    let mut pairs = laid.iter().zip(wanted);
    pairs
        .all(|((start, end), one)| end - start >= one.least)
        .then_some(laid)
}

/// Takes `over` from those that can give most, where it is no more than whole erase blocks cost;
/// `None` where it is, or where none can.
fn shrink(wanted: &mut [Wanted], twins: &[Vec<usize>], over: u64, block: u64) -> Option<()> {
    let mut over = over;
    if over > block.saturating_mul(wanted.len() as u64) {
        return None;
    }
    while over > 0 {
        let spare = |twins: &&Vec<usize>| wanted[twins[0]].size - wanted[twins[0]].least;
        let giver = twins.iter().max_by_key(spare)?;
        let share = over.div_ceil(giver.len() as u64).next_multiple_of(block);
        let given = share.min(spare(&giver));
        if given == 0 {
            return None;
        }
        for &at in giver {
            wanted[at].size -= given;
        }
        over = over.saturating_sub(given.saturating_mul(giver.len() as u64));
    }
    Some(())
}
