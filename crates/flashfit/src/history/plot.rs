//! The history as a table with bars for a terminal.

use anstyle::{AnsiColor, Style};

use super::subject::{series, short};
use super::{History, Subject};
use crate::table::{FAINT, HEADING, Line, aligned};
use board::units::{Bytes, Difference};

/// The width of the longest bar, in characters.
const WIDTH: u64 = 24;
/// A character's first eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

const LESS: Style = AnsiColor::Green.on_default();

/// The sizes of the subject with bars from zero, and each step's reason. Print it through
/// `anstream`, which takes the colours out where they do not belong.
#[must_use]
pub fn plot(history: &History, subject: &Subject) -> String {
    let steps = series(history, subject);
    let largest = steps
        .iter()
        .map(|(_, size, _)| size.get())
        .max()
        .unwrap_or(0);
    let mut lines = vec![Line::new(
        HEADING,
        ["date", "revision", subject.name(), "change", ""]
            .map(str::to_owned)
            .to_vec(),
    )];
    for (step, size, before) in steps {
        let change = before.map(|before| Difference::between(before, size));
        let style = match change {
            Some(change) if change < Difference(0) => LESS,
            _ => Style::new(),
        };
        let cells = vec![
            step.date.clone(),
            step.revision.as_deref().map_or("", short).to_owned(),
            size.to_string(),
            change
                .map(|change| format!("{change:+}"))
                .unwrap_or_default(),
            bar(size, largest),
        ];
        lines.push(Line::new(style, cells).note(step.why.replace('\n', " ")));
    }
    let table = aligned(&lines, |column| matches!(column, 2 | 3));
    let path = history.path.display();
    format!("{table}{FAINT}{path}{FAINT:#}\n")
}

fn bar(size: Bytes, largest: u64) -> String {
    let product = u128::from(size.get()) * u128::from(WIDTH * 8);
    // At most the width, since no size is more than the largest.
    let eighths = usize::try_from(product / u128::from(largest.max(1))).unwrap_or(0);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths_of_a_character() {
        assert_eq!(bar(Bytes(8), 8).chars().count() as u64, WIDTH);
        assert_eq!(bar(Bytes(0), 8), "");
        assert_eq!(bar(Bytes(1), 8 * WIDTH), "▏");
        assert_eq!(bar(Bytes(12), 8 * WIDTH), "█▌");
        assert_eq!(bar(Bytes(0), 0), "");
    }
}
