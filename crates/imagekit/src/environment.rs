//! U-Boot's default environment: the commands that boot what the flash map holds, what all
//! boards share, the board's own, and the map's values.
//!
//! The text is what `CONFIG_DEFAULT_ENV_FILE` takes: a `name=value` per line, no comments.

mod boot;
mod variables;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use board::Board;
use board::units::Bytes;
use flashfit::layout::{self, Format};

/// A variable, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    value: String,
    /// `file:line`, for messages.
    origin: String,
}

/// Composes the default environment of `board`.
///
/// The boot commands follow from the slots of the map, unless one of `files` has a `bootcmd`: what
/// all boards share, and then the board's own. Later lines count more than earlier ones, and the
/// values of the map more than all.
///
/// # Errors
/// When a file cannot be read or has a line that sets nothing; when no command boots what the map
/// holds; and when a command uses a variable that nothing sets.
pub fn compose(board: &Board, files: &[PathBuf]) -> Result<String> {
    let mut written = Vec::new();
    for path in files {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        written.extend(read(&text, path)?);
    }
    let mut entries = if written.iter().any(|entry| entry.name == "bootcmd") {
        Vec::new()
    } else {
        boot::commands(board)?
    };
    entries.extend(written);
    let map = layout::render(board, Format::UBootEnv)?;
    for mut entry in read(&map, &board.path)? {
        entry.origin = board.path.display().to_string();
        entries.push(entry);
    }
    let entries = last_of_each(entries);
    variables::check(board, &entries)?;
    let text: String = entries
        .iter()
        .map(|entry| format!("{}={}\n", entry.name, entry.value))
        .collect();
    size(board, text.len() as u64)?;
    Ok(text)
}

/// Saving an environment that is larger than a copy of it fails on the device.
fn size(board: &Board, text: u64) -> Result<()> {
    // A checksum of 4 bytes, the flag of two copies, the empty string at the end (`env_t` in
    // include/env_internal.h).
    let takes = Bytes(text + 6);
    let Some(kept) = board
        .u_boot
        .as_ref()
        .and_then(|u_boot| u_boot.environment.as_ref())
    else {
        return Ok(());
    };
    if takes > kept.size {
        bail!(
            "the default environment of {}: {takes} bytes, {} allowed ({}: size), over by {}: enlarge \
             `size`, or shorten u-boot.env",
            board.path.display(),
            kept.size,
            board.at(kept.line),
            Bytes(takes.0 - kept.size.0)
        );
    }
    Ok(())
}

/// Reads the lines of a file as U-Boot's Makefile does (`filechk_defaultenv.h`): a line that ends
/// in a backslash goes on in the next one.
fn read(text: &str, path: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            let next = lines.next().map_or("", |(_, next)| next);
            whole.push_str(next.trim_start());
        }
        let origin = format!("{}:{}", path.display(), at + 1);
        match whole.split_once('=') {
            Some((name, value)) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                entries.push(Entry {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    origin,
                });
            }
            _ => bail!(
                "{origin}: {whole:?} does not set a variable: write `name=value`, or `#` before \
                 a comment"
            ),
        }
    }
    Ok(entries)
}

/// Each variable once, with the value that was set last.
fn last_of_each(entries: Vec<Entry>) -> Vec<Entry> {
    let mut last: Vec<Entry> = Vec::new();
    for entry in entries {
        match last.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => *known = entry,
            None => last.push(entry),
        }
    }
    last
}

#[cfg(test)]
mod tests;
