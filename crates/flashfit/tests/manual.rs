//! Manual pages and completions: both come from the definition of the command line.

mod common;

use std::fs;

use common::Scratch;

const COMMANDS: [&str; 8] = [
    "import", "layout", "assemble", "check", "report", "diff", "accept", "history",
];

#[test]
fn each_command_has_a_manual_page() {
    let scratch = Scratch::new();
    scratch.flashfit(&["man", "man1"]).exits(0);
    for command in COMMANDS {
        let page = fs::read_to_string(scratch.path(&format!("man1/flashfit-{command}.1"))).unwrap();
        assert!(
            page.contains(&format!(".TH flashfit-{command} 1")),
            "{page}"
        );
    }
    let whole = fs::read_to_string(scratch.path("man1/flashfit.1")).unwrap();
    assert_eq!(whole, scratch.flashfit(&["man"]).exits(0).stdout());
    assert!(whole.contains("Exit codes:"));
    scratch.write("file", "");
    scratch
        .flashfit(&["man", "file"])
        .exits(2)
        .says(&["file: cannot be written to"]);
}

#[test]
fn each_command_is_completed() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = scratch.flashfit(&["completions", shell]).exits(0).stdout();
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: no {command}");
        }
    }
    scratch.write(
        "complete",
        scratch.flashfit(&["completions", "bash"]).exits(0).stdout(),
    );
    // What bash itself makes of it.
    let run = scratch.tool(
        "bash",
        &[
            "-c",
            ". ./complete; COMP_WORDS=(flashfit di); COMP_CWORD=1; \
                 _flashfit flashfit di flashfit; echo \"${COMPREPLY[@]}\"",
        ],
    );
    assert_eq!(run.stdout(), "diff\n");
    scratch.flashfit(&["completions", "tcsh"]).exits(2);
}
