//! `cargo xtask ladder --check`: is what is committed still what comes out? Whether the page
//! prints what is committed, `cargo xtask docs --check` says.

use anyhow::{Context, Result, bail};
use board::units::Bytes;

use super::article::Article;
use super::bench::{ARTICLE_TARGET, Bench, native};
use super::page::read;
use super::record::{Record, ladder_id};
use super::suite::Kinds;
use super::weigh::Weight;
use super::{ahead, board_target, suite};
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use direct::rust_src::Rustc;

/// How much larger a program may be than recorded.
const TOLERANCE_PERCENT: u64 = 1;

/// Compares rebuilt programs with their rows.
///
/// # Errors
/// With everything that differs.
pub fn run(repo: &Repo) -> Result<()> {
    let mut wrong = Vec::new();
    let bench = Bench::new(repo, false)?;
    let id = ladder_id("release", &bench.steps.everything());
    let mut targets = vec![(DEFAULT_BOARD, board_target::target(&bench, DEFAULT_BOARD)?)];
    match runs_here(&Rustc::find(repo.root())?.verbose) {
        true => targets.push((ARTICLE_TARGET, native())),
        false => println!("left out: {ARTICLE_TARGET}, which this machine is not"),
    }
    let recipes = targets
        .iter()
        .map(|(_, target)| suite::recipe(&bench, target, &id));
    ahead::build(&bench, recipes.collect::<Result<_>>()?, targets.len())?;
    for (part, target) in &targets {
        let record: Record = read(repo, part)?;
        let all = match *part {
            ARTICLE_TARGET => {
                let article = Article::read(&repo.path("docs/ladder/2018.json"))?;
                suite::article_rows(&bench.steps, &article, Kinds::All)
            }
            _ => suite::board_rows(&bench.steps, target),
        };
        let missing = all.iter().filter(|id| record.row(id).is_none());
        let missing = missing.map(String::as_str).collect::<Vec<_>>();
        if !missing.is_empty() {
            wrong.push(format!(
                "docs/ladder/{part}.json lacks {}: `cargo xtask ladder --target {part}`",
                missing.join(", ")
            ));
        }
        for (tool, recorded) in &record.environment.tools {
            match bench.environment.tools.get(tool) {
                Some(here) if here != recorded => {
                    println!("{part}: recorded with {recorded}, this machine has {here}");
                }
                _ => {}
            }
        }
        let Some(recorded) = record.row(&id) else {
            continue;
        };
        let now = suite::weigh(&bench, target, &id).with_context(|| bench.log.tail(20))?;
        wrong.extend(compare(
            &format!("{part} {id}"),
            &now.weight,
            &recorded.weight,
        ));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => bail!("{}", wrong.join("\n")),
    }
}

/// The article's target is the machine's own, by what `rustc -vV` says.
fn runs_here(rustc: &str) -> bool {
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    host == Some(ARTICLE_TARGET)
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
    fn the_articles_target_is_rebuilt_where_it_runs() {
        assert!(runs_here("rustc 1\nhost: x86_64-unknown-linux-gnu\n"));
        assert!(!runs_here("rustc 1\nhost: aarch64-unknown-linux-gnu\n"));
    }

    #[test]
    fn one_percent_is_allowed_and_shrinking_always_is() {
        assert!(!is_larger(101_000, 100_000));
        assert!(is_larger(101_001, 100_000));
        assert!(!is_larger(50_000, 100_000));
    }
}
