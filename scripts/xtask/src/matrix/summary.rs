//! The table at the end.

use board::units::Bytes;
use flashfit::check::Use;

/// What came of a board.
pub struct Row {
    /// What the server takes on flash.
    pub server: Option<Bytes>,
    /// The first slot.
    pub slot: Option<Use>,
    /// The chip.
    pub chip: Use,
    /// The boot tests, where they ran.
    pub tests: Option<Tests>,
}

/// What the boot tests said.
pub struct Tests {
    /// Those that passed.
    pub passed: usize,
    /// How many of these the board is not concerned by.
    pub not_applicable: usize,
}

/// A line of the table.
pub struct Line {
    /// The board.
    pub board: String,
    /// What came of it, or the whole error.
    pub result: Result<Row, String>,
    /// Seconds on the clock.
    pub clock: f64,
    /// Seconds of all processors together.
    pub processor: f64,
}

/// The lines under one another; at the end the sum of the times.
pub fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.board.len()).max();
    let width = width.unwrap_or_default().max("together".len());
    let mut text = format!(
        "{:width$} {:>9} {:>11} {:>11} {:>11}  {:<22} {:>8} {:>8}\n",
        "board", "server", "slot", "allowed", "chip", "boot tests", "minutes", "CPU min"
    );
    let minutes = |seconds: f64| format!("{:.1}", seconds / 60.0);
    for line in lines {
        let facts = match &line.result {
            Ok(row) => {
                let said = |bytes: Option<Bytes>| bytes.map_or("-".to_owned(), |b| b.to_string());
                format!(
                    "{:>9} {:>11} {:>11} {:>11}  {:<22}",
                    said(row.server),
                    said(row.slot.map(|slot| slot.used)),
                    said(row.slot.map(|slot| slot.allowed)),
                    row.chip.used.to_string(),
                    row.tests.as_ref().map_or("not run".to_owned(), tests),
                )
            }
            Err(error) => format!("FAILED: {:<61}", first_words(error)),
        };
        text += &format!(
            "{:width$} {facts} {:>8} {:>8}\n",
            line.board,
            minutes(line.clock),
            minutes(line.processor)
        );
    }
    let clock = lines.iter().map(|line| line.clock).sum();
    let processor = lines.iter().map(|line| line.processor).sum();
    text + &format!(
        "{:width$} {:69} {:>8} {:>8}\n",
        "together",
        "",
        minutes(clock),
        minutes(processor)
    )
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
        let good = Row {
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
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{table}"
        );
    }
}
