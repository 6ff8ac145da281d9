//! Symbols and linker's maps of what is in C, on their way from the cache to the image folder.

use std::path::Path;

use anyhow::Result;
use buildkit::files::copy;

/// Copies what an entry of the cache has of a program.
pub fn put(entry: &Path, name: &str, images: &Path) -> Result<()> {
    for extension in ["debug", "map"] {
        let file = format!("{name}.{extension}");
        let from = entry.join(&file);
        if from.is_file() {
            copy(&from, &images.join(file), 0o644)?;
        }
    }
    Ok(())
}
