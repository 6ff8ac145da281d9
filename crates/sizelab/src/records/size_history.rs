//! boards/`board`/size-history.jsonl beside the committed measurements, and its picture.

use anyhow::Result;
use board::Board;
use buildkit::checkout::Repo;
use flashfit::history::{History, SCHEMA, Step, Subject, svg};

use super::measurement::Measurement;

/// The picture of a board's accepted sizes; none if the board has no history.
pub fn picture(board: &Board) -> Result<Option<String>> {
    let history = History::of(board)?;
    Ok(history.map(|history| svg(&board.name, &history, &Subject::main(&history))))
}

/// Why the last accepted step is not what was measured last; none if it is, or if the board has
/// no history or no measurements.
pub fn unaccepted(repo: &Repo, board: &Board) -> Result<Option<String>> {
    let Some(history) = History::of(board)? else {
        return Ok(None);
    };
    let measurement = Measurement::path(repo, &board.name);
    if !measurement.is_file() {
        return Ok(None);
    }
    let measured = as_step(Measurement::load(repo, &board.name)?);
    let changes = history.steps.last().map(|last| measured.since(last));
    let changes = changes.unwrap_or_default().into_iter();
    let changes: Vec<String> = changes
        .map(|(name, change)| format!("{name} {change:+}"))
        .collect();
    Ok((!changes.is_empty()).then(|| {
        format!(
            "{}: not the last step of {}: {}; give the reason with `cargo run -p flashfit -- \
             accept {} out/{} --why \"…\"`",
            repo.shown(&measurement),
            repo.shown(&history.path),
            changes.join(", "),
            repo.shown(&board.path),
            board.name
        )
    }))
}

/// The measured sizes, for a comparison with those of a step.
fn as_step(measured: Measurement) -> Step {
    Step {
        schema: SCHEMA.to_owned(),
        date: String::new(),
        revision: None,
        why: String::new(),
        chip: measured.chip,
        slots: measured.slots,
        partitions: measured.partitions,
        components: measured.components,
    }
}

#[cfg(test)]
mod tests {
    use board::units::{Bytes, Difference};

    use super::*;
    use crate::records::measurement::tests::example;

    #[test]
    fn a_size_without_a_step_is_named() {
        let accepted = as_step(example());
        let mut measured = example();
        assert!(as_step(measured.clone()).since(&accepted).is_empty());
        measured.chip = Bytes(measured.chip.get() + 1000);
        let changes = as_step(measured).since(&accepted);
        assert_eq!(changes, [("chip".to_owned(), Difference(1000))]);
    }
}
