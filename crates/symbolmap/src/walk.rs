//! The files of a folder that may be programs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const LEVELS: usize = 12;
const FILES: usize = 300_000;

/// Extensions that no program has: a kernel's build folder has 50,000 of them.
const NO_PROGRAM: &[&str] = &[
    "S", "a", "bin", "c", "cc", "cmd", "cpp", "d", "dtb", "dts", "dtsi", "gz", "h", "hpp", "html",
    "in", "json", "ko", "m4", "map", "md", "mk", "o", "patch", "png", "po", "py", "rlib", "rmeta",
    "rs", "rst", "s", "sh", "svg", "toml", "txt", "xml", "xz", "yaml",
];

/// The programs and shared libraries in a folder, by their first bytes; sorted by path.
///
/// # Errors
/// Where the folder itself cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, level)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if level == 0 => return Err(error),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && level < LEVELS && entry.file_name() != ".git" {
                folders.push((entry.path(), level + 1));
            } else if kind.is_file() {
                seen += 1;
                let path = entry.path();
                if may_be_program(&path) && is_program(&path) {
                    found.push(path);
                }
            }
            if seen >= FILES {
                folders.clear();
                break;
            }
        }
    }
    found.sort();
    Ok(found)
}

fn may_be_program(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    !NO_PROGRAM.contains(&&*extension)
}

/// An ELF file that was linked: a program or a shared library, no object file.
fn is_program(path: &Path) -> bool {
    let mut start = [0; 18];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    let kind = [start[16], start[17]];
    read.is_ok() && start.starts_with(b"\x7fELF") && kind.iter().any(|byte| [2, 3].contains(byte))
}
