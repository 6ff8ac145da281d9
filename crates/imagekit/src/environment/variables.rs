//! Every variable that a command uses must be set by something.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use board::Board;

use super::Entry;

/// What U-Boot sets itself while it runs, as far as boot commands use it: `imxtract`, `loadb` and
/// others leave size and address of what they brought; `bootcount` counts boots
/// (CONFIG_BOOTCOUNT_ENV); `fdtcontroladdr` is its own device tree.
const RUN_TIME: [&str; 4] = ["filesize", "fileaddr", "bootcount", "fdtcontroladdr"];

/// Checks that each `${x}` and each `run x` of the environment has a value.
///
/// # Errors
/// For each that has none: the line that uses it, the slots that there are, and what to do.
pub(super) fn check(board: &Board, entries: &[Entry]) -> Result<()> {
    let mut set: BTreeSet<&str> = RUN_TIME.into_iter().collect();
    set.extend(entries.iter().map(|entry| entry.name.as_str()));
    for entry in entries {
        set.extend(
            commands(&entry.value)
                .iter()
                .filter_map(|words| sets(words)),
        );
    }
    let mut wrong = String::new();
    for entry in entries {
        let mut told = BTreeSet::new();
        let run = commands(&entry.value);
        let run = run
            .iter()
            .flat_map(|words| runs(words))
            .map(|name| (name, "runs "));
        let used = used(&entry.value).into_iter().map(|name| (name, "uses "));
        for (name, how) in used.chain(run) {
            if !set.contains(name) && told.insert(name) {
                let shown = if how == "uses " {
                    format!("${{{name}}}")
                } else {
                    name.to_owned()
                };
                write!(
                    wrong,
                    "\n  {}: {} {how}{shown}, which nothing sets: {}",
                    entry.origin,
                    entry.name,
                    remedy(board, name)
                )?;
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let slots: Vec<&str> = board.slots().iter().map(|slot| slot.name).collect();
    let slots = match slots[..] {
        [] => "no slots".to_owned(),
        _ => format!("slots {}", slots.join(", ")),
    };
    bail!(
        "the boot commands of {} ({slots}) use undefined names:{wrong}",
        board.path.display()
    )
}

/// What to do about a variable that nothing sets.
fn remedy(board: &Board, name: &str) -> String {
    let at = board.path.display();
    match name {
        "kernel" if board.flash.mapped_at.is_none() => format!(
            "add `mapped-at` to [flash] ({}), or add commands to the u-boot.env beside it that \
             read ${{kernel_size}} bytes of kernel from ${{kernel_offset}}",
            board.at(board.flash.size_line)
        ),
        "root" => format!("add `root = true` to the partition in {at} that is mounted as /"),
        "mtdparts" => format!(
            "it needs a chip with an `mtd-id` and without a `dt-node`: in [flash] ({}), add the \
             one and remove the other",
            board.at(board.flash.size_line)
        ),
        _ => format!("set it in the u-boot.env beside {at}, or remove its use"),
    }
}

/// The words of each command of a value. Keywords of the shell stand before commands.
fn commands(value: &str) -> Vec<Vec<&str>> {
    const KEYWORDS: [&str; 8] = ["if", "elif", "then", "else", "while", "until", "do", "!"];
    value
        .split([';', '\n'])
        .flat_map(|part| part.split("&&"))
        .flat_map(|part| part.split("||"))
        .map(|part| {
            part.split_whitespace()
                .map(|word| word.trim_matches(['"', '\'']))
                .skip_while(|word| KEYWORDS.contains(word))
                .collect()
        })
        .collect()
}

/// The variable that a command sets.
fn sets<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["setenv" | "setexpr" | "for", rest @ ..]
        | ["env", "set", rest @ ..]
        | ["fdt", "header", "get", rest @ ..]
        | ["fdt", "get", "value" | "addr" | "size" | "name", rest @ ..] => {
            rest.iter().copied().find(|word| !word.starts_with('-'))
        }
        _ => None,
    }
}

/// The variables that a command runs.
fn runs<'a>(words: &[&'a str]) -> Vec<&'a str> {
    match words {
        ["run", names @ ..] => names
            .iter()
            .copied()
            .filter(|name| !name.contains('$'))
            .collect(),
        _ => Vec::new(),
    }
}

/// The variables whose value a text takes, as `${x}` or `$x`.
fn used(value: &str) -> Vec<&str> {
    value
        .split('$')
        .skip(1)
        .map(|rest| match rest.strip_prefix('{') {
            Some(braced) => braced.split('}').next().unwrap_or_default(),
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                &rest[..end.unwrap_or(rest.len())]
            }
        })
        .filter(|name| !name.is_empty())
        .collect()
}
