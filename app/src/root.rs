//! Where the system's files are looked up.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No file this server reads is larger; what lies beyond is not read.
const READ_LIMIT: u64 = 64 * 1024;

/// The directory under which `proc`, `dev`, `run` and `data` are looked up: `/` on a device,
/// a directory with prepared files in a test.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// Takes the directory as it is; nothing is opened yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    /// The path of a file named without its leading slash.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.join(Path::new(relative))
    }

    /// The first 64 KiB of a file as text, with the trailing white space and NUL bytes cut off.
    /// `None` where it cannot be read; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn read(&self, relative: &str) -> Option<String> {
        let file = File::open(self.path(relative)).ok()?;
        let mut bytes = Vec::new();
        file.take(READ_LIMIT).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_end_matches(['\0', '\n', ' ', '\t']).to_owned())
    }
}
