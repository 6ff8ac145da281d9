//! Files that are there whole or not at all.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file that will take the place of `path` with [`persist`], and is gone without.
///
/// # Errors
///
/// If the folder does not exist or cannot be written to.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    // The umask takes from this what it takes from any file; the default would be private.
    builder
        .prefix(".flashfit-")
        .permissions(Permissions::from_mode(0o666));
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Puts a finished file in its place, on the disk before it has the name.
///
/// # Errors
///
/// What the system says.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Writes a whole file.
///
/// # Errors
///
/// What the system says; then `path` is as it was.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(content)?;
    persist(file, path)
}
