//! `cargo xtask ladder --check`: is what is committed still what comes out?

use std::cell::RefCell;

use anyhow::{Result, bail};
use flashfit::units::Bytes;

use super::article::Article;
use super::bench::{ARTICLE_TARGET, Bench, native};
use super::page::read;
use super::record::{Record, ladder_id};
use super::suite::Kinds;
use super::weigh::Weight;
use super::{board, suite};
use crate::docs;
use crate::repo::{DEFAULT_BOARD, Repo};

/// How much larger a program may be than recorded.
const TOLERANCE_PERCENT: u64 = 1;

/// Compares tables and chart with the measurements, and rebuilt programs with their rows.
///
/// # Errors
/// With everything that differs.
pub fn run(repo: &Repo) -> Result<()> {
    let mut wrong = docs::stale_ladder(repo)?;
    let bench = Bench::new(repo, false)?;
    let id = ladder_id("release", &bench.steps.everything());
    for part in [ARTICLE_TARGET, DEFAULT_BOARD] {
        let record: Record = read(repo, part)?;
        let target = match part {
            ARTICLE_TARGET => native(),
            board => board::target(&bench, board)?,
        };
        let all = match part {
            ARTICLE_TARGET => {
                let article = Article::read(&repo.path("docs/ladder/2018.json"))?;
                suite::article_rows(&bench.steps, &article, Kinds::All)
            }
            _ => suite::board_rows(&bench.steps, &target),
        };
        let missing = all.iter().filter(|id| record.row(id).is_none());
        let missing = missing.map(String::as_str).collect::<Vec<_>>();
        if !missing.is_empty() {
            wrong.push(format!(
                "docs/ladder/{part}.json lacks {}: `cargo xtask ladder --target {part}`",
                missing.join(", ")
            ));
        }
        let Some(recorded) = record.row(&id) else {
            continue;
        };
        let now = RefCell::new(None);
        bench.each(
            &[&id],
            |id| format!("{part} {id}"),
            |id| {
                let weighed = suite::weigh(&bench, &target, id)?;
                *now.borrow_mut() = Some(weighed.weight);
                Ok(weighed.cached)
            },
        )?;
        if let Some(now) = now.into_inner() {
            wrong.extend(compare(&format!("{part} {id}"), &now, &recorded.weight));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => bail!("{}", wrong.join("\n")),
    }
}

/// What of a program is more than it may be.
fn compare(name: &str, now: &Weight, recorded: &Weight) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, now, old) in [
        ("file", now.elf, recorded.elf),
        ("flash", now.flash, recorded.flash),
    ] {
        println!("{name}: {what} {}, recorded {}", Bytes(now), Bytes(old));
        if is_larger(now, old) {
            wrong.push(format!(
                "{name}: {what} {} bytes, {} recorded, over by {}: more than \
                 {TOLERANCE_PERCENT} %; find what grew, or measure anew with `cargo xtask ladder`",
                Bytes(now),
                Bytes(old),
                Bytes(now - old)
            ));
        }
    }
    wrong
}

fn is_larger(now: u64, recorded: u64) -> bool {
    now * 100 > recorded * (100 + TOLERANCE_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_said_with_by_how_much() {
        let weight = |elf| Weight {
            elf,
            upx: None,
            flash: 1000,
            build_seconds: 1.0,
            sha256: String::new(),
        };
        assert!(compare("x", &weight(9000), &weight(10_000)).is_empty());
        let wrong = compare("x", &weight(12_345), &weight(10_000));
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].contains("over by 2,345"), "{}", wrong[0]);
    }

    #[test]
    fn one_percent_is_allowed_and_shrinking_always_is() {
        assert!(!is_larger(101_000, 100_000));
        assert!(is_larger(101_001, 100_000));
        assert!(!is_larger(50_000, 100_000));
    }
}
