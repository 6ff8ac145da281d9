//! A map that can be published: without the paths of the machine that linked.

use crate::map::{numbers, split};
use crate::piece::Owner;
use crate::tree::Tree;

/// A map of GNU ld with what [`pieces_of_elf`](crate::pieces_of_elf) reads of it, a third of its
/// size, and without the paths of the machine: `/home/me/sysroot/lib/libc.a(exit.o)` becomes
/// `libc.a(exit.o)`. It is still a map of GNU ld.
pub fn portable_map(map: &str) -> String {
    const BEGIN: &str = "Linker script and memory map";
    let tree = Tree::of(map);
    let mut short = format!("{BEGIN}\n\n");
    let mut waiting: Option<&str> = None;
    let mut skipped = false;
    let lines = map.lines().skip_while(|line| !line.starts_with(BEGIN));
    for line in lines.skip(1) {
        let section = !line.starts_with(char::is_whitespace);
        if section {
            // What is not in the program: debug information, comments, what the script discards.
            let not = [
                ".debug",
                ".comment",
                ".ARM.attributes",
                ".riscv.attributes",
                "/DISCARD/",
                "LOAD ",
                "START ",
                "END ",
            ];
            skipped = not.iter().any(|name| line.starts_with(name));
        }
        if skipped {
            continue;
        }
        let (name, rest) = split(line.strip_prefix(' ').unwrap_or(line));
        let before = waiting.take();
        if let Some((_, size, path)) = numbers(rest).filter(|_| !name.is_empty()) {
            if section || size > 0 {
                short.push_str(&shortened(line, path, &tree));
            }
        } else if let Some((_, size, path)) = numbers(line) {
            if let Some(name) = before
                && (size > 0 || !name.starts_with(' '))
            {
                short.push_str(name);
                short.push('\n');
                short.push_str(&shortened(line, path, &tree));
            }
        } else if line.trim_end().ends_with("(size before relaxing)") {
            short.push_str(line);
            short.push('\n');
        } else if rest.trim().is_empty() && !name.is_empty() && !name.starts_with("*(") {
            waiting = Some(line);
        }
    }
    short
}

/// A line that ends with the path of an object file.
fn shortened(line: &str, path: &str, tree: &Tree) -> String {
    let Some(front) = line.strip_suffix(path).filter(|_| path.contains('/')) else {
        return format!("{line}\n");
    };
    let member = path
        .strip_suffix(')')
        .and_then(|path| path.rsplit_once('('));
    match (tree.owner(path), member) {
        (Owner::Object(object), _) => format!("{front}{object}\n"),
        (Owner::Library(library), Some((_, member))) => format!("{front}{library}({member})\n"),
        (Owner::Library(library), None) => format!("{front}{library}\n"),
        _ => format!("{line}\n"),
    }
}
