//! The picture of the ladder: the article's release rows beside ours, as bars.

use std::fmt::Write;

use anyhow::Result;
use board::units::Bytes;

use super::bench::ARTICLE_TARGET;
use super::page::{Page, read};
use super::record::Record;

const WIDTH: u64 = 760;
const LABEL: u64 = 206;
const BAR: u64 = 13;
const ROW: u64 = 44;
const TOP: u64 = 58;

/// Room for the figure at the end of the longest bar.
const FIGURE: u64 = 90;

/// A row of the picture.
struct Bars {
    label: String,
    then: Option<u64>,
    now: Option<u64>,
}

/// The picture, as SVG: the stacked rows, and the best that is not packed. It follows the reader's light or dark scheme.
///
/// # Errors
/// When a step is unknown.
pub fn svg(page: &Page) -> Result<String> {
    let mut rows = Vec::new();
    for steps in std::iter::once(Vec::new()).chain(page.steps.stacked()) {
        let label = match steps.last() {
            Some(last) => format!("+ {}", page.steps.step(last)?.title),
            None => "plain release build".to_owned(),
        };
        rows.push(Bars {
            label,
            then: page.article.bytes("release", &steps),
            now: page.elf("release", &steps),
        });
    }
    let beyond: Record = read(page.repo, "beyond")?;
    if let Some(row) = beyond.row(&format!("{ARTICLE_TARGET}/served")) {
        rows.push(Bars {
            label: "unpacked, tinyrust::serve".to_owned(),
            then: None,
            now: Some(row.weight.elf),
        });
    }
    Ok(draw(&rows))
}

fn draw(rows: &[Bars]) -> String {
    let longest = rows
        .iter()
        .flat_map(|row| [row.then, row.now])
        .flatten()
        .max()
        .unwrap_or(1);
    let height = TOP + ROW * rows.len() as u64 + 12;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-label=\"Size of a web server that answers Hello, world! after each \
         step, in 2018 and today\">\n{STYLE}\
         <text class=\"title\" x=\"0\" y=\"18\">Size of Hello, world!, release build, bytes</text>\n\
         <rect class=\"then\" x=\"0\" y=\"30\" width=\"12\" height=\"12\"/>\
         <text x=\"18\" y=\"41\">2018, Rocket</text>\n\
         <rect class=\"now\" x=\"120\" y=\"30\" width=\"12\" height=\"12\"/>\
         <text x=\"138\" y=\"41\">today, actix-web</text>\n"
    );
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + ROW * index as u64;
        let label = escaped(&row.label);
        let middle = y + BAR + 5;
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text class=\"label\" x=\"{}\" y=\"{middle}\">{label}</text>",
            LABEL - 10
        );
        let bars = [("then", row.then, y), ("now", row.now, y + BAR + 2)];
        for (class, bytes, y) in bars {
            let Some(bytes) = bytes else { continue };
            let width = (bytes * (WIDTH - LABEL - FIGURE) / longest).max(2);
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{LABEL}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" rx=\"2\"/>\
                 <text class=\"figure\" x=\"{}\" y=\"{}\">{}</text>",
                LABEL + width + 6,
                y + BAR - 2,
                Bytes(bytes)
            );
        }
    }
    svg + "</svg>\n"
}

const STYLE: &str = "<style>\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-weight:600;font-size:15px}\
.label{text-anchor:end}\
.figure{font-size:12px;font-variant-numeric:tabular-nums}\
.then{fill:#9aa4b0}\
.now{fill:#c2551c}\
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.then{fill:#66707c}.now{fill:#f0883e}}\
</style>\n";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_leaves_room_for_its_figure() {
        let rows = [
            Bars {
                label: "a & b".into(),
                then: Some(4000),
                now: Some(1000),
            },
            Bars {
                label: "c".into(),
                then: None,
                now: Some(1),
            },
        ];
        let svg = draw(&rows);
        let longest = WIDTH - LABEL - FIGURE;
        assert!(svg.contains(&format!("width=\"{longest}\"")), "{svg}");
        assert!(
            svg.contains("a &amp; b") && svg.contains(">4,000<"),
            "{svg}"
        );
        assert_eq!(svg.matches("class=\"figure\"").count(), 3);
    }
}
