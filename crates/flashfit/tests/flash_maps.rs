//! Carries out docs/flash-maps.md: each `sh` block prints what the `text` block after it says.

mod common;

use std::path::Path;
use std::process::Command;

use common::Scratch;

#[test]
fn the_page_is_followed() {
    let page = include_str!("../../../docs/flash-maps.md");
    let scratch = Scratch::new();
    let program = Path::new(env!("CARGO_BIN_EXE_flashfit"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    // Every other piece is a block.
    let blocks = page.split("```").skip(1).step_by(2);
    let blocks: Vec<_> = blocks
        .map(|block| block.split_once('\n').unwrap())
        .collect();
    assert!(!blocks.is_empty());
    for pair in blocks.chunks(2) {
        let [("sh", commands), ("text", printed)] = pair else {
            panic!("a `sh` block and what it prints are needed: {pair:?}");
        };
        let output = Command::new("sh")
            .args(["-euc", &format!("exec 2>&1\n{commands}")])
            .current_dir(scratch.path(""))
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{commands}\n{said}");
        assert_eq!(said, *printed, "{commands}");
    }
}
