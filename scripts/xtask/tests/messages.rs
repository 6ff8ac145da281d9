//! What docs/troubleshooting.md quotes is what the programs say.

mod checkout;

use std::fs;
use std::process::Command;

use checkout::root;

/// Parts of a quotation shorter than this say nothing.
const SHORT: usize = 9;

/// All that says something, with the lines of a text joined that its source breaks.
fn sources() -> String {
    let listed = Command::new("git")
        .arg("-C")
        .arg(root())
        .args(["ls-files", "-z", "--", "*.rs", "boards/common/rootfs"])
        .output()
        .expect("git");
    let names = String::from_utf8(listed.stdout).expect("names in UTF-8");
    let mut all = String::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        // It may be deleted and not committed yet.
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        let mut broken = false;
        for line in text.lines() {
            let line = if broken { line.trim_start() } else { line };
            broken = line.ends_with('\\');
            all += line.strip_suffix('\\').unwrap_or(line);
            if !broken {
                all.push('\n');
            }
        }
    }
    all
}

#[test]
fn every_quoted_message_is_one_of_ours() {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).expect("the page");
    let sources = sources();
    let quoted = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let quoted = quoted.filter_map(|line| line.split('`').next());
    let mut seen = 0;
    for message in quoted {
        let parts = message.split(['…', '/']).map(str::trim);
        for part in parts.filter(|part| part.len() >= SHORT) {
            let part = part.split("board.toml:88").next().unwrap_or(part);
            assert!(
                sources.contains(part),
                "nothing says `{part}` of `{message}`"
            );
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}
