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
    let loose = loose(board, report);
    loose
        .into_iter()
        .map(|(who, usage)| suggestion(board, who, usage))
        .collect()
}

/// The budgets that are too large by a tenth or more, with their parts' names.
fn loose<'r>(board: &Board, report: &'r Report) -> Vec<(&'r str, &'r Use)> {
    let mut all = Vec::new();
    for (partition, row) in board.partitions.iter().zip(&report.partitions) {
        if partition.budget.is_some() {
            all.push((row.name.as_str(), &row.usage));
        }
    }
    if board.slot_budget.is_some() {
        // All slots share one budget: the fullest decides.
        let fullest = report.slots.iter().max_by_key(|row| row.usage.used);
        all.extend(fullest.map(|row| ("slot", &row.usage)));
    }
    let components = report.components.iter();
    all.extend(components.map(|row| (row.name.as_str(), &row.usage)));
    all.retain(|(_, usage)| {
        u128::from(tight(usage).get()) * 10 <= u128::from(usage.allowed.get()) * 9
            && usage.used.get() > 0
    });
    all
}

/// A tighter budget, in whole thousands, since it is read by people.
fn tight(usage: &Use) -> Bytes {
    let tight = u128::from(usage.used.get()) * u128::from(100 + ROOM) / 100;
    Bytes(u64::try_from(tight.div_ceil(1000) * 1000).unwrap_or(u64::MAX))
}

/// One line on the budgets for which there are [`suggestions`], where board.toml, whose text this
/// is, does not explain them: by a comment on the line of the budget, above it, or above its table.
#[must_use]
pub fn unexplained(board: &Board, report: &Report, text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let unexplained: Vec<&str> = loose(board, report)
        .into_iter()
        .filter(|(_, usage)| !is_explained(&lines, usage.line))
        .map(|(who, _)| who)
        .collect();
    let budgets = match unexplained.as_slice() {
        [] => return None,
        [_] => "the budget allows",
        _ => "the budgets allow",
    };
    Some(format!(
        "{}: {budgets} a tenth or more above the size, and no comment in {} says why; --suggest \
         shows tighter ones",
        unexplained.join(", "),
        board.path.display()
    ))
}

/// Whether there is a comment to the budget in that line, from 1.
fn is_explained(lines: &[&str], line: usize) -> bool {
    let Some(own) = line.checked_sub(1).filter(|at| *at < lines.len()) else {
        return false;
    };
    let is_comment = |at: usize| lines[at].starts_with('#');
    let header = (0..own).rev().find(|at| lines[*at].starts_with('['));
    let above = [Some(own), header].into_iter().flatten();
    lines[own].contains('#') || above.filter_map(|at| at.checked_sub(1)).any(is_comment)
}

fn suggestion(board: &Board, who: &str, usage: &Use) -> String {
    let Use {
        used,
        allowed,
        share,
        line,
        ..
    } = usage;
    let at = board.at(*line);
    let percent = (share * 100.0).round();
    format!(
        "{who}: {used} bytes, {allowed} allowed ({at}), {percent} % used: budget = \"{}\" would \
         leave {ROOM} %",
        tight(usage).with_unit()
    )
}
