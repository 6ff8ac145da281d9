//! What is compiled, and for whom.

use std::path::PathBuf;

/// What is compiled.
#[derive(Debug, Clone)]
pub struct Program {
    /// The folder of its Cargo.toml.
    pub package: PathBuf,
    /// `--example hello` or `--package x --bin x`.
    pub select: Vec<String>,
    /// The file's name.
    pub name: String,
    /// Where Cargo puts it, from the profile's folder.
    pub folder: &'static str,
    /// How it is told what to listen on: `{address}` or `{port}`.
    pub argument: &'static str,
}

/// For whom it is compiled.
#[derive(Debug, Clone)]
pub struct Target {
    /// The board; none for the machine's own target.
    pub board: Option<String>,
    /// Rust's name of it.
    pub triple: String,
    /// Flags that the target's own facts ask for (board.toml).
    pub rustflags: Vec<String>,
    /// The linker, where it is not the machine's own.
    pub linker: Option<PathBuf>,
    /// The program that strips its binaries.
    pub strip: String,
    /// xz's branch filter for this CPU's instructions.
    pub bcj: Option<String>,
    /// The program that runs its binaries, where the machine itself does not.
    pub runner: Option<String>,
    /// There is a compiled standard library for it.
    pub prebuilt_std: bool,
}
