//! Slots: complete systems side by side in one chip.

use crate::Partition;
use crate::units::Bytes;

/// The partitions of one complete system.
#[derive(Debug, Clone)]
pub struct Slot<'a> {
    /// The slot's name, as in `slot = "a"`.
    pub name: &'a str,
    /// Its partitions, in flash order.
    pub partitions: Vec<&'a Partition>,
}

impl<'a> Slot<'a> {
    /// The partition that this slot mounts as `/`. A loaded board has exactly one per slot.
    #[must_use]
    pub fn root(&self) -> Option<&'a Partition> {
        self.partitions
            .iter()
            .copied()
            .find(|partition| partition.root)
    }

    /// The partition with that role, such as `kernel`.
    #[must_use]
    pub fn role(&self, role: &str) -> Option<&'a Partition> {
        self.partitions
            .iter()
            .copied()
            .find(|partition| partition.role == role)
    }

    /// The total size of its partitions.
    #[must_use]
    pub fn size(&self) -> Bytes {
        self.partitions.iter().map(|partition| partition.size).sum()
    }
}

/// The slots of `partitions`, each where it first appears.
pub(super) fn slots(partitions: &[Partition]) -> Vec<Slot<'_>> {
    let mut slots: Vec<Slot<'_>> = Vec::new();
    for partition in partitions {
        let Some(name) = partition.slot.as_deref() else {
            continue;
        };
        match slots.iter_mut().find(|slot| slot.name == name) {
            Some(slot) => slot.partitions.push(partition),
            None => slots.push(Slot {
                name,
                partitions: vec![partition],
            }),
        }
    }
    slots
}
