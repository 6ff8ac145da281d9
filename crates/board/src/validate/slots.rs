//! Slots hold the same, so that an update fits whichever it goes to.

use super::note;
use crate::units::Bytes;
use crate::{Board, Problem, Slot};

/// The rules of slots and of the root.
pub(super) fn slots(board: &Board, out: &mut Vec<Problem>) {
    let slots = board.slots();
    if slots.is_empty() {
        let mut roots = board
            .partitions
            .iter()
            .filter(|partition| partition.root)
            .skip(1);
        if let Some(second) = roots.next() {
            note(
                out,
                second.line,
                format!(
                    "{}: is a second root, but only one can be mounted as /",
                    second.name
                ),
            );
        }
        if let Some(budget) = board.slot_budget {
            note(
                out,
                budget.line,
                "a budget for slots, but no slots: give partitions `slot = \"a\"` or remove \
                 [slot]"
                    .to_owned(),
            );
        }
        return;
    }
    for partition in board
        .partitions
        .iter()
        .filter(|p| p.root && p.slot.is_none())
    {
        note(
            out,
            partition.line,
            format!(
                "{}: is a root outside the slots: add its `slot`, or remove `root`",
                partition.name
            ),
        );
    }
    for slot in &slots {
        root_of(slot, out);
        roles_once(slot, out);
    }
    for slot in &slots[1..] {
        same_shape(board, &slots[0], slot, out);
    }
    for slot in slots.iter().take(1) {
        if let Some(budget) = board
            .slot_budget
            .filter(|budget| budget.bytes > slot.size())
        {
            note(
                out,
                budget.line,
                format!(
                    "slot: budget of {} bytes, but its partitions have {}, over by {}: lower \
                     the budget",
                    budget.bytes,
                    slot.size(),
                    Bytes(budget.bytes.0 - slot.size().0),
                ),
            );
        }
    }
}

fn root_of(slot: &Slot<'_>, out: &mut Vec<Problem>) {
    let roots: Vec<_> = slot
        .partitions
        .iter()
        .filter(|partition| partition.root)
        .collect();
    match roots[..] {
        [] => note(
            out,
            slot.partitions[0].line,
            format!(
                "slot {}: has no root: add `root = true` to the partition that it mounts as /",
                slot.name
            ),
        ),
        [_] => {}
        [first, second, ..] => note(
            out,
            second.line,
            format!(
                "{}: is a second root of slot {} beside {}, but only one can be mounted as /",
                second.name, slot.name, first.name
            ),
        ),
    }
}

fn roles_once(slot: &Slot<'_>, out: &mut Vec<Problem>) {
    for (at, partition) in slot.partitions.iter().enumerate() {
        if let Some(first) = slot.partitions[..at]
            .iter()
            .find(|p| p.role == partition.role)
        {
            note(
                out,
                partition.line,
                format!(
                    "{}: has the role `{}` of {} in slot {}: rename one",
                    partition.name, partition.role, first.name, slot.name
                ),
            );
        }
    }
}

/// An update must fit whichever slot it goes to.
fn same_shape(board: &Board, first: &Slot<'_>, other: &Slot<'_>, out: &mut Vec<Problem>) {
    for model in &first.partitions {
        let Some(twin) = other.role(&model.role) else {
            note(
                out,
                other.partitions[0].line,
                format!(
                    "slot {}: has no `{}`, slot {} has {}: slots need the same roles, so that \
                     an update fits either",
                    other.name, model.role, first.name, model.name
                ),
            );
            continue;
        };
        let place = board.at(model.line);
        if twin.size != model.size {
            note(
                out,
                twin.size_line,
                format!(
                    "{}: {}, but its twin {} ({place}) {}: slots need the same sizes, so that \
                     an update fits either",
                    twin.name,
                    board.told(twin.size),
                    model.name,
                    board.told(model.size)
                ),
            );
        }
        if twin.root != model.root {
            note(
                out,
                twin.line,
                format!(
                    "{}: root is {}, of its twin {} ({place}) {}: make them the same",
                    twin.name, twin.root, model.name, model.root
                ),
            );
        }
        let both = twin.image.is_some() && model.image.is_some();
        if both && twin.budget.map(|b| b.bytes) != model.budget.map(|b| b.bytes) {
            note(
                out,
                twin.allowed_line(),
                format!(
                    "{}: may take {} bytes, but its twin {} ({}) may take {}: give both the \
                     same budget",
                    twin.name,
                    twin.allowed(),
                    model.name,
                    board.at(model.allowed_line()),
                    model.allowed()
                ),
            );
        }
    }
    for partition in &other.partitions {
        if first.role(&partition.role).is_none() {
            note(
                out,
                partition.line,
                format!(
                    "slot {}: has no `{}`, slot {} has {}: slots need the same roles, so that \
                     an update fits either",
                    first.name, partition.role, other.name, partition.name
                ),
            );
        }
    }
}
