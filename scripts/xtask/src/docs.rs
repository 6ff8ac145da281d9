//! `cargo xtask docs`: figures in the documents are printed by a program, never typed.
//!
//! A block is what stands between `<!-- begin generated: NAME -->` and
//! `<!-- end generated: NAME -->`, each on a line of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::blocks;
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::files::write_whole;
use sizelab::ladder;
use sizelab::records::budget_svg;
use sizelab::records::measurement::{Measurement, drift};
use sizelab::records::size_history;

/// Fills blocks and figures; with `check`, only says which are stale.
pub fn print(repo: &Repo, check: bool) -> Result<Vec<String>> {
    let mut stale = blocks(repo, check, |_| true)?;
    let board = repo.board(DEFAULT_BOARD)?;
    let budget = budget_svg::budget(&board, &Measurement::load(repo, DEFAULT_BOARD)?)?;
    whole_file(repo, "docs/images/budget.svg", &budget, check, &mut stale)?;
    if let Some(history) = size_history::picture(&board)? {
        let path = "docs/images/size-history.svg";
        whole_file(repo, path, &history, check, &mut stale)?;
    }
    stale.extend(ladder_chart(repo, check)?);
    Ok(stale)
}

/// The same; with `check`, what was built is compared with what is written of it as well.
pub fn run(repo: &Repo, check: bool) -> Result<()> {
    let mut stale = print(repo, check)?;
    if check {
        for name in repo.boards()? {
            stale.extend(size_history::unaccepted(repo, &repo.board(&name)?)?);
        }
        compare_with_images(repo, &mut stale)?;
    }
    if !stale.is_empty() {
        bail!(
            "{}\n`cargo xtask docs` updates them, `make docs` measures the image first",
            stale.join("\n")
        );
    }
    Ok(())
}

/// Fills the blocks of the chosen names, or says which are stale.
fn blocks(repo: &Repo, check: bool, chosen: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for path in documents(repo)? {
        let shown = repo.shown(&path).to_string();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        let content = |name: &str| match chosen(name) {
            true => blocks::content(repo, name).map(Some),
            false => Ok(None),
        };
        let filled = fill(&text, content).with_context(|| shown.clone())?;
        if filled.text == text {
            continue;
        }
        if check {
            let blocks = filled.changed.iter();
            stale.extend(
                blocks.map(|(line, name)| format!("{shown}:{line}: the block {name} is stale")),
            );
        } else {
            write_whole(&path, filled.text)?;
            println!("updated {shown}");
        }
    }
    Ok(stale)
}

fn ladder_chart(repo: &Repo, check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    let chart = ladder::chart(repo)?;
    whole_file(repo, "docs/ladder/ladder.svg", &chart, check, &mut stale)?;
    Ok(stale)
}

/// A file that is generated as a whole: written, or said to be stale.
fn whole_file(
    repo: &Repo,
    path: &str,
    content: &str,
    check: bool,
    stale: &mut Vec<String>,
) -> Result<()> {
    let place = repo.path(path);
    if fs::read_to_string(&place).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if check {
        stale.push(format!("{path} is stale"));
    } else {
        write_whole(&place, content)?;
        println!("updated {path}");
    }
    Ok(())
}

/// README.md and everything under docs/.
fn documents(repo: &Repo) -> Result<Vec<PathBuf>> {
    let mut all = vec![repo.path("README.md")];
    let docs = repo.path("docs");
    if docs.is_dir() {
        for entry in walkdir::WalkDir::new(docs).sort_by_file_name() {
            let entry = entry?;
            if entry.path().extension().is_some_and(|end| end == "md") {
                all.push(entry.into_path());
            }
        }
    }
    Ok(all)
}

/// Where an image was built, it must be the one that the documents speak of.
fn compare_with_images(repo: &Repo, stale: &mut Vec<String>) -> Result<()> {
    for name in repo.boards()? {
        let images = repo.path("out").join(&name);
        if !Measurement::path(repo, &name).is_file() || !images.join("build.json").is_file() {
            continue;
        }
        let recorded = Measurement::load(repo, &name)?;
        let fresh = Measurement::take(&repo.board(&name)?, &images)?;
        if (&fresh.profile, &fresh.allocator) != (&recorded.profile, &recorded.allocator) {
            println!(
                "out/{name} has the profile {}; skipping its comparison with the measurements \
                 of {}",
                fresh.profile, recorded.profile
            );
            continue;
        }
        let shown = repo.shown(&Measurement::path(repo, &name)).to_string();
        let drift = drift(&recorded, &fresh);
        for message in drift.slight {
            println!("{shown}: {message}");
        }
        stale.extend(
            drift
                .wrong
                .iter()
                .map(|message| format!("{shown}: {message}")),
        );
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Filled {
    text: String,
    /// The line and the name of each block that was something else before.
    changed: Vec<(usize, String)>,
}

/// Fills the blocks of a document with what `content` says; those of which it says nothing stay.
fn fill(text: &str, content: impl Fn(&str) -> Result<Option<String>>) -> Result<Filled> {
    let mut filled = Filled {
        text: String::with_capacity(text.len()),
        changed: Vec::new(),
    };
    let mut lines = text.split_inclusive('\n').enumerate();
    while let Some((at, line)) = lines.next() {
        filled.text += line;
        if let Some(name) = marker(line, "end") {
            bail!(
                "line {}: end of the block {name} without its beginning",
                at + 1
            );
        }
        let Some(name) = marker(line, "begin") else {
            continue;
        };
        let mut old = String::new();
        let end = loop {
            let Some((at, line)) = lines.next() else {
                bail!("line {}: the block {name} has no end", at + 1);
            };
            match (marker(line, "begin"), marker(line, "end")) {
                (None, None) => old += line,
                (None, Some(end)) if end == name => break line,
                _ => bail!(
                    "line {}: another block begins or ends inside {name}",
                    at + 1
                ),
            }
        };
        let new = content(name).with_context(|| format!("line {}: block {name}", at + 1))?;
        let new = new.unwrap_or_else(|| old.clone());
        if new != old {
            filled.changed.push((at + 1, name.to_owned()));
        }
        filled.text += &new;
        filled.text += end;
    }
    Ok(filled)
}

/// The name in a marker line.
fn marker<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let inner = line
        .trim()
        .strip_prefix("<!--")?
        .strip_suffix("-->")?
        .trim();
    let name = inner.strip_prefix(word)?.trim_start();
    Some(name.strip_prefix("generated:")?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shout(name: &str) -> Result<Option<String>> {
        Ok(Some(format!("{}!\n", name.to_uppercase())))
    }

    const TEXT: &str = "# t\n<!-- begin generated: a -->\nold\n<!-- end generated: a -->\nrest\n\
                        <!-- begin generated: b -->\nB!\n<!-- end generated: b -->";

    #[test]
    fn blocks_are_filled_and_what_is_around_them_stays() {
        let filled = fill(TEXT, shout).unwrap();
        assert_eq!(filled.text, TEXT.replace("old", "A!"));
        assert_eq!(filled.changed, [(2, "a".to_owned())]);
    }

    #[test]
    fn a_block_that_is_not_asked_for_stays() {
        assert_eq!(fill(TEXT, |_| Ok(None)).unwrap().text, TEXT);
    }

    #[test]
    fn broken_markers_are_named_with_their_line() {
        for (text, message) in [
            (
                "x\n<!-- begin generated: a -->\n",
                "line 2: the block a has no end",
            ),
            ("<!-- end generated: a -->\n", "line 1: end of the block a"),
            (
                "<!-- begin generated: a -->\n<!-- begin generated: b -->\n",
                "line 2: another block begins or ends inside a",
            ),
        ] {
            let error = fill(text, shout).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn a_block_that_cannot_be_made_is_an_error_with_its_line() {
        let error = fill(TEXT, |_| bail!("not measured")).unwrap_err();
        assert_eq!(format!("{error:#}"), "line 2: block a: not measured");
    }

    proptest! {
        #[test]
        fn filling_twice_changes_nothing_more(
            parts in prop::collection::vec(("[a-z]{1,5}", "(\\PC{0,9}\n){0,3}"), 0..5),
        ) {
            let text = parts
                .iter()
                .map(|(name, old)| {
                    format!("{old}<!-- begin generated: {name} -->\n{old}<!-- end generated: {name} -->\n")
                })
                .collect::<String>();
            let once = fill(&text, shout).unwrap();
            let twice = fill(&once.text, shout).unwrap();
            prop_assert!(twice.changed.is_empty());
            prop_assert_eq!(once.text, twice.text);
        }

        #[test]
        fn a_damaged_page_is_survived(at in 0..TEXT.len(), cut in 0..9_usize, piece in "[\\PC\n]{0,6}") {
            let rest = TEXT.get(at + cut..).unwrap_or_default();
            let text = format!("{}{piece}{rest}", &TEXT[..at]);
            let _ = fill(&text, shout);
        }
    }
}
