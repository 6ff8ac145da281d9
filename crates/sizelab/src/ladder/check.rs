//! `cargo xtask ladder --check`: is what is committed still what comes out? Whether the page
//! prints what is committed, `cargo xtask docs --check` says.

use anyhow::{Context, Result, bail};
use board::units::Bytes;

use super::build::Sizes;
use super::context::StudyContext;
use super::record::{Record, ladder_id};
use super::series::steps::{self, Combination};
use super::target::{ARTICLE_TARGET, STUDY_TARGETS};
use super::{board_target, prebuild};
use buildkit::checkout::Repo;
use direct::rust_src::Rustc;

/// How much larger a program may be than recorded.
const TOLERANCE_PERCENT: u64 = 1;

pub fn run(repo: &Repo) -> Result<()> {
    let mut wrong = Vec::new();
    let context = StudyContext::new(repo, false)?;
    let id = ladder_id("release", &context.inputs.steps.everything());
    let mut targets = Vec::new();
    for name in STUDY_TARGETS {
        if name == ARTICLE_TARGET && !runs_here(&Rustc::find(repo.root())?.verbose) {
            println!("skipped: {name}, because this machine has another target");
        } else {
            targets.push((name, board_target::of(&context, name)?));
        }
    }
    let recipes = targets
        .iter()
        .map(|(_, target)| steps::recipe(&context, target, &id));
    prebuild::build(&context, recipes.collect::<Result<_>>()?, targets.len())?;
    for (name, target) in &targets {
        let record: Record = Record::load(repo, name)?;
        let all = steps::rows(&context.inputs, target, Combination::All);
        let missing = all.iter().filter(|id| record.row(id).is_none());
        let missing = missing.map(String::as_str).collect::<Vec<_>>();
        if !missing.is_empty() {
            wrong.push(format!(
                "docs/ladder/{name}.json lacks {}: `cargo xtask ladder --series {name}`",
                missing.join(", ")
            ));
        }
        for (tool, recorded) in &record.environment.tools {
            match context.environment.tools.get(tool) {
                Some(here) if here != recorded => {
                    println!("{name}: recorded with {recorded}, this machine has {here}");
                }
                _ => {}
            }
        }
        if let Some(recorded) = record.row(&id) {
            let now = steps::build(&context, target, &id);
            let now = now.with_context(|| context.log.tail(20))?;
            let name = format!("{name} {id}");
            wrong.extend(compare(&name, &now.sizes, &recorded.sizes));
        }
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
fn compare(name: &str, now: &Sizes, recorded: &Sizes) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, now, old) in [
        ("file", now.elf, recorded.elf),
        ("flash", now.flash, recorded.flash),
    ] {
        println!("{name}: {what} {}, recorded {}", Bytes(now), Bytes(old));
        if is_larger(now, old) {
            wrong.push(format!(
                "{name}: {what} {} bytes, {} recorded, over by {}: more than \
                 {TOLERANCE_PERCENT} %; find what grew, or measure again with `cargo xtask \
                 ladder`",
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
        let sizes = |elf| Sizes {
            elf,
            upx: None,
            flash: 1000,
            build_seconds: 1.0,
            sha256: String::new(),
        };
        assert!(compare("x", &sizes(9000), &sizes(10_000)).is_empty());
        let wrong = compare("x", &sizes(12_345), &sizes(10_000));
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
