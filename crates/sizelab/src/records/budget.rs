//! What of a board is bounded, and what it takes of that as measured.

use anyhow::{Context as _, Result};
use board::Board;
use board::units::{Bytes, Difference};

use super::measurement::Measurement;

/// Something with a budget.
pub struct BudgetRow<'a> {
    pub kind: Kind,
    pub name: &'a str,
    /// A component's file in the root file system.
    pub path: Option<&'a str>,
    pub used: Bytes,
    pub allowed: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Partition,
    Slot,
    Component,
    Chip,
}

impl BudgetRow<'_> {
    /// Less than nothing where it takes too much.
    pub fn left(&self) -> Difference {
        Difference::between(self.used, self.allowed)
    }
}

/// The rows in the order of the tables. The measurement may be older than board.toml and lack one.
pub fn rows<'a>(board: &'a Board, measured: &Measurement) -> Result<Vec<BudgetRow<'a>>> {
    let mut rows = Vec::new();
    let mut add = |kind, name: &'a str, path, used: Option<&Bytes>, allowed| -> Result<()> {
        let used = used.with_context(|| {
            format!(
                "{name}: measured before board.toml changed; run `cargo xtask measure --board \
                 {}`",
                board.name
            )
        })?;
        rows.push(BudgetRow {
            kind,
            name,
            path,
            used: *used,
            allowed,
        });
        Ok(())
    };
    for partition in board.partitions.iter().filter(|p| p.image.is_some()) {
        let used = measured.partitions.get(&partition.name);
        let name = &partition.name;
        add(Kind::Partition, name, None, used, partition.allowed())?;
    }
    for slot in board.slots() {
        let allowed = board.slot_budget.map_or(slot.size(), |budget| budget.bytes);
        let used = measured.slots.get(slot.name);
        add(Kind::Slot, slot.name, None, used, allowed)?;
    }
    for component in &board.components {
        let used = measured.components.get(&component.name);
        let (name, path) = (&component.name, component.path.as_deref());
        add(Kind::Component, name, path, used, component.budget.bytes)?;
    }
    let used = Some(&measured.chip);
    add(Kind::Chip, "chip", None, used, board.flash.size)?;
    Ok(rows)
}
