//! Carries out docs/add-a-board.md and docs/own-app.md, literally, each in a copy of the checkout.
//!
//! A fenced block after the line `<!-- follow -->` is carried out: `sh` by a shell that stops at
//! the first failure. Blocks after `<!-- by hand: … -->` are left out, and printed as left out.

mod checkout;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use checkout::copy_checkout;

/// The board that the page adds.
const BOARD: &str = "camera";

/// A fenced block of the page.
#[derive(Debug)]
struct Block {
    line: usize,
    language: String,
    text: String,
    /// Why it is left out.
    by_hand: Option<String>,
}

/// The marked blocks, in their order.
fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(mark) = line
            .strip_prefix("<!-- ")
            .and_then(|l| l.strip_suffix(" -->"))
        else {
            // What is no command is there to be read.
            assert!(!line.starts_with("```sh"), "a block without a mark: {line}");
            continue;
        };
        if ["begin generated: ", "end generated: "]
            .iter()
            .any(|start| mark.starts_with(start))
        {
            continue;
        }
        let by_hand = mark.strip_prefix("by hand: ").map(str::to_owned);
        assert!(
            by_hand.is_some() || mark == "follow",
            "unknown mark: {mark}"
        );
        let (at, fence) = lines.next().expect("a block after the mark");
        let language = fence.strip_prefix("```").expect("a block after the mark");
        let text = lines.by_ref().map(|(_, line)| line);
        let text = text.take_while(|line| *line != "```");
        let text = text.map(|line| format!("{line}\n")).collect();
        found.push(Block {
            line: at + 1,
            language: language.to_owned(),
            text,
            by_hand,
        });
    }
    found
}

/// Carries out a page's marked blocks in a copy of the checkout, and gives its folder.
fn follow(page: &str) -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let shared = temporary.parent().expect("cargo's target folder");
    let folder = temporary.join(page);
    let checkout = folder.join("checkout");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("removing the last copy");
    }
    copy_checkout(&checkout);
    let page = format!("docs/{page}.md");
    let text = fs::read_to_string(checkout.join(&page)).expect("the page");
    let blocks = blocks(&text);
    assert!(blocks.iter().any(|block| block.by_hand.is_none()));
    for block in &blocks {
        let place = format!("{page}:{}", block.line);
        if let Some(reason) = &block.by_hand {
            println!("skipped: {place}: {reason}");
            continue;
        }
        match block.language.as_str() {
            "sh" => {
                let output = Command::new("sh")
                    .args(["-euc", &block.text])
                    .current_dir(&checkout)
                    .env("CARGO_TARGET_DIR", folder.join("target"))
                    // What all checkouts depend on is compiled once.
                    .env("CARGO_BUILD_BUILD_DIR", shared)
                    // Cargo's own, for this test: the programs look for their checkout by it.
                    .env_remove("CARGO_MANIFEST_DIR")
                    .output()
                    .expect("sh");
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{place}\n{said}{errors}");
                println!("{place}\n{said}");
            }
            other => panic!("{place}: {other}: nobody knows how to follow that"),
        }
    }
    checkout
}

#[test]
#[ignore = "the page installs packages and compiles std: `make walkthrough`"]
fn the_page_is_followed_to_a_server_for_the_new_board() {
    came_of_it(&follow("add-a-board"));
}

#[test]
#[ignore = "the page builds an image and boots it: `make walkthrough`"]
fn the_page_is_followed_to_a_crate_of_one_s_own_on_the_chip() {
    let images = follow("own-app").join("out/ast2600-evb.crate");
    let board = fs::read_to_string(images.join("board.toml")).expect("the image's map");
    assert!(board.contains("/usr/bin/lamp"), "{board}");
    assert!(images.join("flash.bin").is_file());
}

/// What the page promises.
fn came_of_it(checkout: &Path) {
    let read = |name: &str| {
        fs::read_to_string(checkout.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let defconfig = read(&format!("br2-external/configs/tinyrust_{BOARD}_defconfig"));
    assert!(defconfig.contains(BOARD), "{defconfig}");
    let machine = read(&format!("meta-tinyrust/bsp/conf/machine/{BOARD}.conf"));
    assert!(
        machine.contains("armv7-unknown-linux-musleabihf"),
        "{machine}"
    );
    let readme = read("README.md");
    assert!(
        readme.contains(&format!("boards/{BOARD}/board.toml")),
        "README.md lists the board"
    );
    let facts = read(&format!("boards/{BOARD}/board.toml"));
    assert!(
        facts.contains("mx25l12805d") && !facts.contains("mx25l6405d"),
        "{facts}"
    );
}
