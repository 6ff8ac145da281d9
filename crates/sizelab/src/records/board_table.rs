//! The boards beside one another: facts of boards/*/board.toml, figures of docs/measurements.

use std::collections::BTreeMap;

use anyhow::Result;
use board::Board;
use board::units::Bytes;
use flashfit::table::Table;

use super::measurement::Measurement;
use crate::figures::{NONE, bytes, tenths};
use buildkit::checkout::Repo;

/// The table, and what the boot tests found not applicable.
pub fn table(repo: &Repo) -> Result<String> {
    let mut rows = Vec::new();
    for name in repo.boards()? {
        let measured = Measurement::path(repo, &name).is_file();
        let measured = measured
            .then(|| Measurement::load(repo, &name))
            .transpose()?;
        rows.push((repo.board(&name)?, measured));
    }
    Ok(render(&rows))
}

fn render(rows: &[(Board, Option<Measurement>)]) -> String {
    let mut table = Table::new(&[
        "board",
        "Rust target",
        "flash chip",
        ">server, ELF",
        ">on flash",
        ">kernel, on flash",
        ">free in a slot",
        ">first 200",
        ">server's memory",
    ]);
    for (board, measured) in rows {
        let mut cells = facts(board).to_vec();
        cells.extend(figures(board, measured.as_ref()));
        table.cells(cells);
    }
    let missing = rows.iter().filter(|(_, measured)| measured.is_none());
    let missing = missing
        .map(|(board, _)| board.name.as_str())
        .collect::<Vec<_>>();
    let missing = match missing.is_empty() {
        true => String::new(),
        false => format!("; {NONE}: not measured ({})", missing.join(", ")),
    };
    let table = table.markdown();
    format!("{table}\nSizes in bytes{missing}.\n") + &not_applicable(rows)
}

fn facts(board: &Board) -> [String; 3] {
    let title = board.title.as_deref().unwrap_or_default();
    let target = board.rust.as_ref().map_or("", |rust| rust.target.as_str());
    let chip = board.flash.chip.as_deref().unwrap_or("CFI");
    [
        format!("[`{0}`](boards/{0}/board.toml): {title}", board.name),
        format!("`{target}`"),
        format!("{chip}, {} MiB", board.flash.size.get() >> 20),
    ]
}

fn figures(board: &Board, measured: Option<&Measurement>) -> Vec<String> {
    let Some(measured) = measured else {
        return vec![NONE.to_owned(); 6];
    };
    let slots = board.slots();
    let free = slots.first().and_then(|slot| {
        let used = measured.slots.get(slot.name)?;
        Some(Bytes(slot.size().get().saturating_sub(used.get())))
    });
    let kernel = measured.files.get("kernel.itb");
    let boot = measured.boot.as_ref();
    let first = boot.map(|boot| format!("{:.1} s", tenths(boot.time_to_first_200_ms, 1000)));
    let memory = boot.map(|boot| format!("{:.1} MiB", tenths(boot.server_rss_bytes, 1 << 20)));
    vec![
        bytes(measured.files.get("tinyrust").copied()),
        bytes(measured.components.get("server").copied()),
        bytes(kernel.copied()),
        bytes(free),
        first.unwrap_or_else(|| NONE.to_owned()),
        memory.unwrap_or_else(|| NONE.to_owned()),
    ]
}

/// What the suite passed over, a line for each board that it ran on.
fn not_applicable(rows: &[(Board, Option<Measurement>)]) -> String {
    let mut text = String::new();
    for (board, measured) in rows {
        let Some(tests) = measured
            .as_ref()
            .and_then(|measured| measured.tests.as_ref())
        else {
            continue;
        };
        let count = tests.not_applicable.len();
        text += &format!("\n- `{}`: {} boot tests pass", board.name, tests.passed);
        if count > 0 {
            text += &format!(
                ", {count} not applicable: {}",
                reasons(&tests.not_applicable)
            );
        }
    }
    if text.is_empty() {
        return text;
    }
    text + "\n"
}

/// Why, each reason once with how many tests have it; which tests they are says the measurement.
fn reasons(not_applicable: &[String]) -> String {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for line in not_applicable {
        let reason = line.split_once(": ").map_or(line.as_str(), |(_, why)| why);
        *counted.entry(reason).or_default() += 1;
    }
    let said = counted.iter().map(|(reason, count)| match count {
        1 => (*reason).to_owned(),
        _ => format!("{reason} ({count} tests)"),
    });
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::measurement::Boot;
    use crate::records::measurement::tests::example;
    use crate::records::suite::Suite;
    use buildkit::checkout::DEFAULT_BOARD;

    fn board() -> Board {
        Repo::find().unwrap().board(DEFAULT_BOARD).unwrap()
    }

    #[test]
    fn a_measured_board_has_all_figures_and_what_does_not_concern_it() {
        let mut measured = example();
        measured.boot = Some(Boot {
            time_to_first_200_ms: 6_449,
            server_rss_bytes: 3 << 19,
        });
        measured.tests = Some(Suite {
            passed: 35,
            not_applicable: ["a: no watchdog", "b: x: y", "c: no watchdog"]
                .map(str::to_owned)
                .to_vec(),
            flash: String::new(),
        });
        let text = render(&[(board(), Some(measured))]);
        assert!(text.contains("| mx25l6405d, 8 MiB |"), "{text}");
        assert!(text.contains("| 350,000 | 160,000 | 1,390,000 |"), "{text}");
        assert!(text.contains("| 6.5 s | 1.5 MiB |"), "{text}");
        assert!(
            text.contains("35 boot tests pass, 3 not applicable: no watchdog (2 tests); x: y"),
            "{text}"
        );
    }

    #[test]
    fn a_board_that_was_not_measured_has_dashes_and_is_named() {
        let text = render(&[(board(), None)]);
        assert!(text.contains("| – | – | – | – | – | – |"), "{text}");
        assert!(
            text.contains(&format!("not measured ({DEFAULT_BOARD})")),
            "{text}"
        );
        let columns = |line: &str| line.matches('|').count();
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(columns(lines[0]), columns(lines[2]), "{text}");
    }
}
