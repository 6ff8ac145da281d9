//! `cargo xtask ladder --check`: is what is committed still what comes out?

use anyhow::{Result, bail};
use flashfit::units::Bytes;

use super::bench::{ARTICLE_TARGET, Bench, native};
use super::page::{Page, read};
use super::record::{Record, ladder_id};
use super::{board, chart, chart_path, suite};
use crate::repo::{DEFAULT_BOARD, Repo};

/// How much larger a program may be than recorded.
const TOLERANCE_PERCENT: u64 = 1;

/// Compares the chart with the measurements, and rebuilt programs with their rows. The blocks
/// of the documents are compared by `cargo xtask docs --check`.
///
/// # Errors
/// With everything that differs.
pub fn run(repo: &Repo) -> Result<()> {
    let mut wrong = Vec::new();
    let chart = std::fs::read_to_string(chart_path(repo)).unwrap_or_default();
    if chart != chart::svg(&Page::new(repo)?)? {
        wrong.push("docs/ladder/ladder.svg is not the picture of its figures".to_owned());
    }
    let bench = Bench::new(repo)?;
    let id = ladder_id("release", &bench.steps.everything());
    for part in [ARTICLE_TARGET, DEFAULT_BOARD] {
        let record: Record = read(repo, part)?;
        let target = match part {
            ARTICLE_TARGET => native(),
            board => board::target(&bench, board)?,
        };
        let ids = [id.clone()];
        let now = bench.each(
            &ids,
            |id| format!("{part} {id}"),
            |id| {
                let weighed = suite::weigh(&bench, &target, id)?;
                Ok((weighed.weight, weighed.cached))
            },
        )?;
        let Some(recorded) = record.row(&id) else {
            bail!("docs/ladder/{part}.json has no row {id}");
        };
        for weight in now {
            let old = &recorded.weight;
            for (what, now, old) in [
                ("file", weight.elf, old.elf),
                ("flash", weight.flash, old.flash),
            ] {
                println!(
                    "{part} {id}: {what} {}, recorded {}",
                    Bytes(now),
                    Bytes(old)
                );
                if is_larger(now, old) {
                    wrong.push(format!(
                        "{part} {id}: {what} {} bytes, {} recorded, over by {}: more than \
                         {TOLERANCE_PERCENT} %; find what grew, or measure anew with \
                         `cargo xtask ladder`",
                        Bytes(now),
                        Bytes(old),
                        Bytes(now - old)
                    ));
                }
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => bail!("{}", wrong.join("\n")),
    }
}

fn is_larger(now: u64, recorded: u64) -> bool {
    now * 100 > recorded * (100 + TOLERANCE_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_is_allowed_and_shrinking_always_is() {
        assert!(!is_larger(101_000, 100_000));
        assert!(is_larger(101_001, 100_000));
        assert!(!is_larger(50_000, 100_000));
    }
}
