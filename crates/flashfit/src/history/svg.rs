//! The history as a picture.

use super::subject::{series, short};
use super::{History, Subject};
use crate::svg::Svg;
use board::units::{Bytes, Difference};

const WIDTH: u64 = 800;
const MARGIN: u64 = 20;
const TOP: u64 = 56;
/// Of a line of text.
const LINE: u64 = 18;
const BAR_HEIGHT: u64 = 12;
/// Where bars begin, and the room for the figures at their end.
const BAR: u64 = 124;
const FIGURE: u64 = 190;
/// How many characters of a reason fit on a line.
const WRAP: usize = 80;

/// A bar for each step, from zero, with its reason below.
#[must_use]
pub fn svg(name: &str, history: &History, subject: &Subject) -> String {
    let rows: Vec<_> = series(history, subject)
        .into_iter()
        .map(|(step, size, before)| (step, size, before, wrapped(&step.why)))
        .collect();
    let lines = |reason: &Vec<String>| reason.len() as u64;
    let height = rows.iter().map(|(.., reason)| (lines(reason) + 2) * LINE);
    let mut svg = Svg::new(
        WIDTH,
        TOP + height.sum::<u64>(),
        &format!(
            "Bytes on flash of {} of {name} after each step",
            subject.name()
        ),
    );
    let title = format!("{name}: {}, bytes on flash", subject.name());
    svg.text("title", MARGIN, 30, &title);
    let largest = rows
        .iter()
        .map(|(_, size, ..)| size.get())
        .max()
        .unwrap_or(0);
    let mut y = TOP;
    for (step, size, before, reason) in &rows {
        svg.text("", MARGIN, y + BAR_HEIGHT - 1, &step.date);
        let width = length(*size, largest);
        svg.bar("now", (BAR, y), width, BAR_HEIGHT);
        let figures = match before {
            Some(before) => format!("{size} ({:+})", Difference::between(*before, *size)),
            None => size.to_string(),
        };
        svg.text("", BAR + width + 8, y + BAR_HEIGHT - 1, &figures);
        y += LINE;
        if let Some(revision) = &step.revision {
            svg.text("dim", MARGIN, y + BAR_HEIGHT, short(revision));
        }
        for line in reason {
            svg.text("dim", BAR, y + BAR_HEIGHT, line);
            y += LINE;
        }
        y += LINE;
    }
    svg.finish()
}

fn length(size: Bytes, largest: u64) -> u64 {
    let product = u128::from(size.get()) * u128::from(WIDTH - BAR - FIGURE);
    // At most the room, since no size is more than the largest.
    u64::try_from(product / u128::from(largest.max(1))).unwrap_or(0)
}

/// The words on as many lines as they need.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WRAP {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_has_several_lines() {
        let text = "word ".repeat(40);
        let lines = wrapped(&text);
        assert!(
            lines.len() > 1 && lines.iter().all(|line| line.len() <= WRAP),
            "{lines:?}"
        );
        assert_eq!(lines.join(" "), text.trim());
    }
}
