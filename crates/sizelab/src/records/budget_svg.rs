//! The budget table as a picture: docs/images/budget.svg, drawn from the committed measurement.

use anyhow::Result;
use board::Board;
use flashfit::svg::Svg;

use super::budget::{self, Kind};
use super::measurement::Measurement;

const WIDTH: u64 = 720;
const ROW: u64 = 28;
const TOP: u64 = 62;
/// Where the bars begin and how long a full one is.
const BAR: (u64, u64) = (150, 270);
const BAR_HEIGHT: u64 = 12;

/// Draws what each partition with an image, each component and the chip take of their budgets.
pub fn budget(board: &Board, measured: &Measurement) -> Result<String> {
    let mut rows = budget::rows(board, measured)?;
    rows.retain(|row| row.kind != Kind::Slot);
    let height = TOP + ROW * rows.len() as u64 + 16;
    let mut svg = Svg::new(WIDTH, height, &format!("Budgets of {}", board.name));
    svg.text("", 20, 30, &format!("flashfit check {}", board.name));
    for (x, title) in [(520, "used"), (615, "allowed"), (700, "left")] {
        svg.text("dim end", x, TOP - 8, title);
    }
    for (row, y) in rows.iter().zip((0..).map(|at| TOP + ROW * at)) {
        let length = (BAR.1 * row.used.get())
            .checked_div(row.allowed.get())
            .unwrap_or_default()
            .min(BAR.1);
        svg.text("", 20, y + 17, row.name);
        svg.bar("room", (BAR.0, y + 6), BAR.1, BAR_HEIGHT);
        svg.bar("now", (BAR.0, y + 6), length, BAR_HEIGHT);
        svg.text("end", 520, y + 17, &row.used.to_string());
        svg.text("dim end", 615, y + 17, &row.allowed.to_string());
        svg.text("end", 700, y + 17, &row.left().to_string());
    }
    Ok(svg.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::measurement::tests::example;
    use board::units::Bytes;
    use buildkit::checkout::{DEFAULT_BOARD, Repo};

    #[test]
    fn each_part_has_its_row_and_no_bar_is_longer_than_its_room() {
        let board = Repo::find().unwrap().board(DEFAULT_BOARD).unwrap();
        let mut measured = example();
        let svg = budget(&board, &measured).unwrap();
        for component in &board.components {
            assert!(
                svg.contains(&format!(">{}</text>", component.name)),
                "{svg}"
            );
        }
        measured.chip = Bytes(board.flash.size.get() * 2);
        let over = budget(&board, &measured).unwrap();
        let full = format!("width=\"{}\" height=\"{BAR_HEIGHT}\"", BAR.1);
        assert!(
            over.lines()
                .filter(|line| line.contains("now"))
                .any(|bar| bar.contains(&full))
        );
        assert!(over.contains(&format!(">-{}<", board.flash.size)), "{over}");
    }
}
