//! Accepted sizes: what is recorded, when, and what a check says of growth.

mod common;

use std::fs;

use common::{Run, Scratch, noise};
use flashfit::history::{History, SCHEMA};
use proptest::prelude::*;

const BOARD: &str = r#"name = "camera"

[flash]
size = "1 MiB"
erase-block = "64 KiB"

[[partition]]
name = "kernel-a"
slot = "a"
offset = "0 KiB"
size = "256 KiB"
image = "kernel"

[[partition]]
name = "rootfs-a"
slot = "a"
offset = "256 KiB"
size = "256 KiB"
image = "rootfs"
root = true

[[partition]]
name = "kernel-b"
slot = "b"
offset = "512 KiB"
size = "256 KiB"
image = "kernel"

[[partition]]
name = "rootfs-b"
slot = "b"
offset = "768 KiB"
size = "256 KiB"
image = "rootfs"
root = true

[[component]]
name = "server"
file = "server"
budget = "40_000 B"
"#;

const HISTORY: &str = "size-history.jsonl";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("board.toml", BOARD);
    scratch.write("images/kernel", noise(1, 100_000));
    scratch.write("images/rootfs", noise(2, 50_000));
    scratch.write("images/server", noise(3, 39_000));
    scratch
}

fn accept(scratch: &Scratch, why: &str) -> Run {
    scratch.flashfit(&["accept", "board.toml", "images", "--why", why])
}

fn check(scratch: &Scratch, more: &[&str]) -> Run {
    scratch.flashfit(&[&["check", "board.toml", "images"], more].concat())
}

/// What a check that passes says, but for the images here being no file systems.
fn remarks(run: Run) -> String {
    let said = run.exits(0).stderr();
    let lines = said
        .lines()
        .filter(|line| !line.contains("is not a file system"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn history(scratch: &Scratch) -> String {
    fs::read_to_string(scratch.path(HISTORY)).unwrap()
}

#[test]
fn a_step_is_a_line_and_only_where_a_size_changed() {
    let scratch = scratch();
    scratch.write("images/build.json", r#"{"git_revision": "0123456789ab"}"#);
    accept(&scratch, "the first image")
        .exits(0)
        .prints(&["size-history.jsonl: the first step"]);
    let first = history(&scratch);
    accept(&scratch, "again")
        .exits(0)
        .prints(&["no size changed since the last step; nothing to accept"]);
    assert_eq!(history(&scratch), first);
    scratch.write("images/server", noise(3, 39_500));
    accept(&scratch, "  server: \"TLS\"\n")
        .exits(0)
        .prints(&["size-history.jsonl: server +500\n"]);
    let both = history(&scratch);
    assert_eq!(both.strip_prefix(&first).unwrap().lines().count(), 1);
    let steps = History::parse(&both, HISTORY.as_ref()).unwrap().steps;
    assert_eq!(steps[1].why, "server: \"TLS\"");
    assert_eq!(steps[1].revision.as_deref(), Some("0123456789ab"));
    let sizes = steps[0].sizes();
    let names: Vec<&str> = sizes.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "chip", "kernel-a", "kernel-b", "rootfs-a", "rootfs-b", "server", "slot a", "slot b"
        ]
    );
    assert_eq!(sizes["slot a"].get(), 150_000);
    assert_eq!(scratch.names(""), ["board.toml", "images", HISTORY]);
}

#[test]
fn a_step_has_a_reason_and_fits() {
    let scratch = scratch();
    accept(&scratch, " \n")
        .exits(2)
        .says(&["--why needs the reason"]);
    scratch.write("images/server", noise(3, 41_000));
    accept(&scratch, "too much")
        .exits(1)
        .says(&["not accepted, because it does not fit:\nserver: 41,000 bytes, 40,000 allowed"]);
    assert!(!scratch.path(HISTORY).exists());
}

#[test]
fn growth_is_named_until_it_is_accepted() {
    let scratch = scratch();
    // A board without a history is not asked for one.
    assert_eq!(remarks(check(&scratch, &[])), "");
    check(&scratch, &["--fail-unaccepted"]).exits(2).says(&[
        "size-history.jsonl has no step: record the first with `flashfit accept board.toml",
    ]);
    accept(&scratch, "the first image").exits(0);
    check(&scratch, &["--fail-unaccepted"]).exits(0);
    scratch.write("images/kernel", noise(1, 101_000));
    scratch.write("images/rootfs", noise(2, 49_000));
    let said = "kernel-a +1,000; accept it with `flashfit accept board.toml images --why";
    check(&scratch, &[])
        .exits(0)
        .says(&["warning: grew since the step of ", said]);
    check(&scratch, &["--fail-unaccepted"])
        .exits(1)
        .says(&[said]);
    accept(&scratch, "kernel: a driver").exits(0);
    assert_eq!(remarks(check(&scratch, &["--fail-unaccepted"])), "");
    // The revision in a program costs a few bytes more or less.
    scratch.write("images/kernel", noise(1, 101_101));
    check(&scratch, &["--fail-unaccepted"]).exits(0);
    scratch.write("images/kernel", noise(1, 101_102));
    check(&scratch, &["--fail-unaccepted"]).exits(1);
    // Less is no reason to ask.
    scratch.write("images/kernel", noise(1, 90_000));
    check(&scratch, &["--fail-unaccepted"]).exits(0);
}

#[test]
fn the_history_is_shown_with_bars_and_as_a_picture() {
    let scratch = scratch();
    scratch
        .flashfit(&["history", "board.toml"])
        .exits(2)
        .says(&["size-history.jsonl has no step"]);
    accept(&scratch, "the first image").exits(0);
    scratch.write("images/kernel", noise(1, 75_000));
    accept(&scratch, "kernel: <dead> code").exits(0);
    let run = scratch.flashfit(&["history", "board.toml"]).exits(0);
    let lines: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
    assert!(
        lines[0].contains("slot a") && lines[0].contains("change"),
        "{lines:?}"
    );
    let full = "█".repeat(24);
    assert!(
        lines[1].contains("150,000") && lines[1].contains(&full),
        "{lines:?}"
    );
    assert!(
        lines[2].contains("125,000  -25,000  ████████████████████   ")
            && lines[2].ends_with("kernel: <dead> code"),
        "{lines:?}"
    );
    scratch
        .flashfit(&["history", "board.toml", "--of", "kernel-b"])
        .exits(0)
        .prints(&["kernel-b", " 75,000"]);
    scratch
        .flashfit(&["history", "board.toml", "--of", "slot c"])
        .exits(2)
        .says(&["no step has a size of `slot c`: choose from chip, kernel-a"]);
    scratch
        .flashfit(&["history", "board.toml", "--svg", "sizes.svg"])
        .exits(0);
    let svg = fs::read_to_string(scratch.path("sizes.svg")).unwrap();
    assert!(svg.contains(">125,000 (-25,000)</text>") && svg.contains("kernel: &lt;dead> code"));
    assert!(svg.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_day_is_that_of_source_date_epoch() {
    let scratch = scratch();
    let accept = |epoch: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_flashfit"))
            .args(["accept", "board.toml", "images", "--why", "first"])
            .current_dir(scratch.path(""))
            .env("SOURCE_DATE_EPOCH", epoch)
            .output()
            .unwrap()
    };
    let refused = accept("yesterday");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("SOURCE_DATE_EPOCH is `yesterday`"));
    assert!(accept("1735689600").status.success());
    assert!(history(&scratch).contains(r#""date":"2025-01-01""#));
}

#[test]
fn a_line_that_is_no_step_is_named() {
    let scratch = scratch();
    accept(&scratch, "the first image").exits(0);
    let first = history(&scratch);
    scratch.write(HISTORY, format!("{first}<<<<<<< HEAD\n"));
    for command in [
        &["check", "board.toml", "images"][..],
        &["history", "board.toml"],
    ] {
        scratch
            .flashfit(command)
            .exits(2)
            .says(&["size-history.jsonl:2: is not a step of a size history"]);
    }
    scratch.write(HISTORY, first.replace("history/1", "history/9"));
    accept(&scratch, "later")
        .exits(2)
        .says(&["size-history.jsonl:1: has the schema flashfit-history/9"]);
    // A text editor may have taken the last line feed.
    scratch.write(HISTORY, first.trim_end());
    scratch.write("images/server", noise(3, 39_500));
    accept(&scratch, "server").exits(0);
    assert_eq!(history(&scratch).lines().count(), 2);
}

#[test]
fn a_loose_budget_without_a_comment_has_one_line() {
    let scratch = scratch();
    let loose = BOARD.replace("40_000 B", "80_000 B");
    scratch.write("board.toml", &loose);
    assert_eq!(
        remarks(check(&scratch, &[])),
        "suggestion: server: the budget allows a tenth or more above the size, and no comment in \
         board.toml says why; --suggest shows tighter ones\n"
    );
    check(&scratch, &["--suggest"])
        .exits(0)
        .says(&["(board.toml:40), 49 % used: budget = \"41_000 B\" would leave 5 %"]);
    for (from, to) in [
        ("budget = ", "# TLS comes next.\nbudget = "),
        ("80_000 B\"", "80_000 B\" # TLS comes next"),
        ("[[component]]", "# TLS comes next.\n[[component]]"),
    ] {
        scratch.write("board.toml", loose.replace(from, to));
        assert_eq!(remarks(check(&scratch, &[])), "", "{to}");
    }
}

proptest! {
    #[test]
    fn no_text_is_read_with_a_panic(text in ".{0,300}") {
        let _ = History::parse(&text, HISTORY.as_ref());
    }

    #[test]
    fn a_reason_is_read_back(why in "\\PC{1,60}") {
        let step = serde_json::json!({
            "schema": SCHEMA, "date": "2026-11-29", "revision": null, "why": why,
            "chip": 1, "slots": {}, "partitions": {}, "components": {},
        });
        let history = History::parse(&format!("{step}\n"), HISTORY.as_ref()).unwrap();
        prop_assert_eq!(&history.steps[0].why, &why);
    }
}
