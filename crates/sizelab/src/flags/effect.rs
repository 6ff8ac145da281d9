//! What a change does to the server.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::apps::ServerSize;
use buildkit::command::Stopped;

/// What came of a build with something changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Effect {
    Size(ServerSize),
    Fails {
        /// The compiler's or linker's word.
        fails: String,
    },
}

impl Effect {
    /// Of a build, which is said. An interruption is none, nor is a full disk.
    pub fn of(built: Result<ServerSize>) -> Result<Self> {
        match built {
            Ok(size) => {
                println!("{} bytes, {} on flash", size.elf, size.flash);
                Ok(Self::Size(size))
            }
            Err(error) if error.is::<Stopped>() || is_the_machines(&error) => Err(error),
            Err(error) => {
                eprintln!("{error:#}");
                Ok(Self::Fails {
                    fails: first_error(&format!("{error:#}")),
                })
            }
        }
    }
}

/// Whether a build failed for want of what every build needs, which says nothing of the flags.
fn is_the_machines(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    [
        "No space left on device",
        "Cannot allocate memory",
        "signal: 9",
    ]
    .iter()
    .any(|want| text.contains(want))
}

/// Of a failed build's words the compiler's first error.
pub fn first_error(text: &str) -> String {
    let mut lines = text.lines().map(|line| line.trim_start_matches([' ', '|']));
    let error = lines.clone().find(|line| line.starts_with("error"));
    let line = error.or_else(|| lines.next()).unwrap_or_default();
    let words = line.split(' ').map(without_folder);
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// A word as any table can hold it: of a path on this machine the file's name.
fn without_folder(word: &str) -> String {
    let word = word.replace(['`', '|'], "");
    match word.rsplit_once('/') {
        Some((folder, name)) if folder.starts_with('/') => name.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_effect_of_a_flag() {
        let full = "error: failed to write to full.rmeta: No space left on device (os error 28)";
        assert!(Effect::of(Err(anyhow::anyhow!(full))).is_err());
        assert!(Effect::of(Err(anyhow::anyhow!("error: unknown option"))).is_ok());
    }

    #[test]
    fn of_a_failed_build_the_compilers_first_error_is_kept() {
        let text =
            "  | Compiling x\n  | error: no `such` feature\n  | error: aborting\nthe step app";
        assert_eq!(first_error(text), "error: no such feature");
        assert_eq!(
            first_error("error: linking with `/home/user/bin/x-gcc` failed"),
            "error: linking with x-gcc failed"
        );
        assert_eq!(first_error("no compiler"), "no compiler");
    }
}
