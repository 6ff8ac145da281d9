//! What Buildroot needs of a board: its variables.

use std::path::Path;

use anyhow::Result;
use board::Board;
use flashfit::layout::{self, Format};

/// A board.toml.
///
/// # Errors
/// When it cannot be used.
pub fn load(toml: &Path) -> Result<Board> {
    Board::load(toml).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The board's variables, under names that cannot meet Buildroot's.
///
/// # Errors
/// When the board.toml cannot be used.
pub fn board_vars(toml: &Path) -> Result<String> {
    let text = layout::render(&load(toml)?, Format::Make)?;
    Ok(text
        .lines()
        .map(|line| match line.chars().next() {
            Some(first) if first.is_ascii_uppercase() => format!("TINYRUST_{line}\n"),
            _ => format!("{line}\n"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = "name = \"b\"\n[linux]\narch = \"arm\"\nbase = \"tinyconfig\"\n\
        image = \"zImage\"\n\
        [flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\nmapped-at = 0x1000\n\
        [[partition]]\nname = \"all\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\n";

    #[test]
    fn every_variable_of_a_board_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let toml = folder.path().join("board.toml");
        std::fs::write(&toml, BOARD).unwrap();
        let text = board_vars(&toml).unwrap();
        assert!(text.contains("TINYRUST_FLASH_SIZE := 1048576"), "{text}");
        assert!(
            text.lines().all(|line| line.starts_with(['#', 'T'])),
            "{text}"
        );
    }
}
