//! Budgets that are far above what is used: a promise that would let much in unseen.

use super::{Report, Use};
use board::Board;
use board::units::Bytes;

/// The room that a suggested budget leaves, in percent of what is used.
const ROOM: u64 = 5;

/// Tighter budgets, a message each, for partitions, slots and components that have one
/// of their own and could do with nine tenths of it or less.
#[must_use]
pub fn suggestions(board: &Board, report: &Report) -> Vec<String> {
    let mut out = Vec::new();
    for (partition, row) in board.partitions.iter().zip(&report.partitions) {
        if partition.budget.is_some() {
            out.extend(suggestion(board, &row.name, &row.usage));
        }
    }
    if board.slot_budget.is_some() {
        // All slots share one budget: the fullest decides.
        let fullest = report.slots.iter().max_by_key(|row| row.usage.used);
        out.extend(fullest.and_then(|row| suggestion(board, "slot", &row.usage)));
    }
    for row in &report.components {
        out.extend(suggestion(board, &row.name, &row.usage));
    }
    out
}

fn suggestion(board: &Board, who: &str, usage: &Use) -> Option<String> {
    let Use {
        used,
        allowed,
        share,
        line,
        ..
    } = usage;
    let tight = u128::from(used.get()) * u128::from(100 + ROOM) / 100;
    // Whole thousands: a budget is read by people.
    let tight = Bytes(u64::try_from(tight.div_ceil(1000) * 1000).ok()?);
    (u128::from(tight.get()) * 10 <= u128::from(allowed.get()) * 9 && used.get() > 0).then(|| {
        let at = board.at(*line);
        let percent = (share * 100.0).round();
        format!(
            "{who}: {used} bytes, {allowed} allowed ({at}), {percent} % used: budget = \"{}\" \
             would leave {ROOM} %",
            tight.with_unit()
        )
    })
}
