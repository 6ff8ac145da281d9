//! Which of the sizes is shown.

use super::{History, Step};
use board::units::Bytes;

/// What a history is shown of: `chip`, `slot a`, or the name of a partition or component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// No step has such a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no step has a size of `{name}`: choose from {}", known.join(", "))]
pub struct NotRecorded {
    name: String,
    known: Vec<String>,
}

impl Subject {
    /// The slot, or the chip where there are no slots.
    #[must_use]
    pub fn main(history: &History) -> Subject {
        let last = history.steps.last();
        let slot = last.and_then(|step| step.slots.keys().next());
        Subject(slot.map_or_else(|| "chip".to_owned(), |slot| format!("slot {slot}")))
    }

    /// The subject of that name.
    ///
    /// # Errors
    ///
    /// If no step has it.
    pub fn named(history: &History, name: &str) -> Result<Subject, NotRecorded> {
        let mut known: Vec<String> = history
            .steps
            .iter()
            .flat_map(|step| step.sizes().into_keys())
            .collect();
        known.sort();
        known.dedup();
        match known.iter().any(|known| known == name) {
            true => Ok(Subject(name.to_owned())),
            false => Err(NotRecorded {
                name: name.to_owned(),
                known,
            }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Its size after a step.
    #[must_use]
    pub fn size(&self, step: &Step) -> Option<Bytes> {
        step.sizes().get(&self.0).copied()
    }
}

/// The steps that have the subject's size, each with the size and that of the step before.
pub(super) fn series<'h>(
    history: &'h History,
    subject: &Subject,
) -> Vec<(&'h Step, Bytes, Option<Bytes>)> {
    let mut before = None;
    let steps = history.steps.iter();
    let sized = steps.filter_map(|step| Some((step, subject.size(step)?)));
    sized
        .map(|(step, size)| (step, size, before.replace(size)))
        .collect()
}

/// The first letters of a revision, which tell it from others, and the mark of local changes.
pub(super) fn short(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}
