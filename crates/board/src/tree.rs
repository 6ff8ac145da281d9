//! A folder of boards, each a folder with a `board.toml`.

use std::io;
use std::path::Path;

/// The names of the boards in the folder `boards`, sorted.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn names(boards: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(boards)? {
        let entry = entry?;
        if entry.path().join("board.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
