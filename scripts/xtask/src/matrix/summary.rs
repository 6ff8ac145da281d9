//! The table at the end.

use board::units::Bytes;
use flashfit::check::Use;
use flashfit::table::Table;

pub struct BoardResult {
    pub server: Option<Bytes>,
    pub slot: Option<Use>,
    pub chip: Use,
    pub tests: Option<Tests>,
}

pub struct Tests {
    pub passed: usize,
    /// How many of these the board is not concerned by.
    pub not_applicable: usize,
}

pub struct Line {
    pub board: String,
    /// What came of it, or the whole error.
    pub result: Result<BoardResult, String>,
    pub clock: f64,
    /// Seconds of all processors together.
    pub processor: f64,
}

/// The lines under one another; at the end the sum of the times.
pub fn table(lines: &[Line]) -> String {
    let mut table = Table::new(&[
        "board",
        ">server",
        ">slot",
        ">allowed",
        ">chip",
        "boot tests",
        ">minutes",
        ">CPU min",
    ]);
    let minutes = |seconds: f64| format!("{:.1}", seconds / 60.0);
    for line in lines {
        let said = |bytes: Option<Bytes>| bytes.map_or("-".to_owned(), |b| b.to_string());
        let row = line.result.as_ref().ok();
        let slot = row.and_then(|row| row.slot);
        let tested = row.map(|row| row.tests.as_ref().map_or("not run".to_owned(), tests));
        table.row(&[
            &line.board,
            &said(row.and_then(|row| row.server)),
            &said(slot.map(|slot| slot.used)),
            &said(slot.map(|slot| slot.allowed)),
            &said(row.map(|row| row.chip.used)),
            &tested.unwrap_or_default(),
            &minutes(line.clock),
            &minutes(line.processor),
        ]);
        if let Err(error) = &line.result {
            table.note(&format!("FAILED: {}", first_words(error)));
        }
    }
    let clock = minutes(lines.iter().map(|line| line.clock).sum());
    let processor = minutes(lines.iter().map(|line| line.processor).sum());
    table.row(&[&"total", &"", &"", &"", &"", &"", &clock, &processor]);
    table.text()
}

fn tests(tests: &Tests) -> String {
    let Tests {
        passed,
        not_applicable,
    } = tests;
    format!("{passed} ok, {not_applicable} n/a")
}

/// Of an error the line that names it; the whole one was printed where it happened.
fn first_words(error: &str) -> String {
    let line = error.lines().find(|line| !line.starts_with("  |"));
    line.unwrap_or_default().chars().take(61).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashfit::check::Verdict;

    fn usage(used: u64) -> Use {
        Use {
            used: Bytes(used),
            allowed: Bytes(3_000_000),
            headroom: 0,
            share: 0.0,
            verdict: Verdict::Fits,
            headroom_warning: None,
            line: 1,
        }
    }

    #[test]
    fn a_failed_board_is_a_line_among_the_others_and_columns_stay_under_their_headings() {
        let good = BoardResult {
            server: Some(Bytes(140_124)),
            slot: Some(usage(1_566_716)),
            chip: usage(3_407_252),
            tests: Some(Tests {
                passed: 38,
                not_applicable: 2,
            }),
        };
        let line = |board: &str, result| Line {
            board: board.to_owned(),
            result,
            clock: 90.0,
            processor: 120.0,
        };
        let error = "  | cc1: error\nthe step kernel failed; its log is x".to_owned();
        let table = table(&[line("good", Ok(good)), line("bad", Err(error))]);
        let lines = table.lines().collect::<Vec<_>>();
        assert!(lines[1].contains("38 ok, 2 n/a"), "{table}");
        assert!(
            lines[2].contains("FAILED: the step kernel failed"),
            "{table}"
        );
        assert!(
            lines[3].contains("3.0") && lines[3].contains("4.0"),
            "{table}"
        );
        let end = |line: &str| line.find("2.0").map(|at| at + 3);
        assert_eq!(end(lines[1]), Some(lines[0].len()), "{table}");
        assert_eq!(end(lines[1]), end(lines[2]), "{table}");
    }
}
