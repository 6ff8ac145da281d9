//! The picture of the ladder: the article's release rows beside ours, as bars.

use anyhow::Result;
use board::units::Bytes;
use flashfit::svg::Svg;

use super::data::PageData;
use crate::ladder::record::Record;
use crate::ladder::target::ARTICLE_TARGET;

const WIDTH: u64 = 800;
const MARGIN: u64 = 20;
/// Where the bars begin, and room for the figure at the end of the longest.
const LABEL: u64 = 250;
const FIGURE: u64 = 110;
const BAR: u64 = 13;
const ROW: u64 = 44;
const TOP: u64 = 76;

struct Bars {
    label: String,
    then: Option<u64>,
    now: Option<u64>,
}

/// The picture, as SVG: the stacked rows, and the best that is not packed.
pub fn svg(page: &PageData) -> Result<String> {
    let mut rows = Vec::new();
    for steps in std::iter::once(Vec::new()).chain(page.inputs.steps.stacked()) {
        let label = match steps.last() {
            Some(last) => format!("+ {}", page.inputs.steps.step(last)?.title),
            None => "plain release build".to_owned(),
        };
        rows.push(Bars {
            label,
            then: page.inputs.article.bytes("release", &steps),
            now: page.elf("release", &steps),
        });
    }
    let experiments: Record = Record::load(page.repo, "experiments")?;
    if let Some(row) = experiments.row(&format!("{ARTICLE_TARGET}/served")) {
        rows.push(Bars {
            label: "unpacked, tinyrust::serve".to_owned(),
            then: None,
            now: Some(row.sizes.elf),
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
    let mut svg = Svg::new(
        WIDTH,
        height,
        "Size of a web server that answers Hello, world! after each step, in 2018 and today",
    );
    let title = "Size of Hello, world!, release build, bytes";
    svg.text("title", MARGIN, 30, title);
    for (class, said, x) in [
        ("before", "2018, Rocket", MARGIN),
        ("now", "today, actix-web", 170),
    ] {
        svg.bar(class, (x, 44), 12, 12);
        svg.text("", x + 18, 55, said);
    }
    for (row, y) in rows.iter().zip((0..).map(|at| TOP + ROW * at)) {
        svg.text("end", LABEL - 10, y + BAR + 5, &row.label);
        let bars = [("before", row.then, y), ("now", row.now, y + BAR + 2)];
        for (class, bytes, y) in bars {
            let Some(bytes) = bytes else { continue };
            let width = (bytes * (WIDTH - LABEL - FIGURE) / longest).max(2);
            svg.bar(class, (LABEL, y), width, BAR);
            let figure = Bytes(bytes).to_string();
            svg.text("", LABEL + width + 6, y + BAR - 2, &figure);
        }
    }
    svg.finish()
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
        assert_eq!(svg.matches("class=\"now\"").count(), 3);
    }
}
