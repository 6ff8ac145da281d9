//! The commands, a file each: what the command line takes, and what it does.

use std::path::Path;

use anyhow::Context as _;
use board::Board;
use board::units::Difference;
use flashfit::history::History;
use flashfit::images::Images;

pub(crate) mod accept;
pub(crate) mod assemble;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod layout;
pub(crate) mod man;
pub(crate) mod report;

fn open(folder: &Path) -> anyhow::Result<Images> {
    Images::open(folder).with_context(|| {
        format!(
            "cannot read the image folder {}; name the one that the build filled",
            folder.display()
        )
    })
}

/// `kernel +1,234, server -56`
fn listed(changes: &[(String, Difference)]) -> String {
    let change = |(name, change): &(String, Difference)| format!("{name} {change:+}");
    changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

fn no_history(board: &Board) -> String {
    format!(
        "{} has no step: record the first with `flashfit accept {} IMAGES --why \"…\"`",
        History::path(board).display(),
        board.path.display()
    )
}
