//! What is compiled, and for whom.

use std::path::PathBuf;

use buildkit::checkout::DEFAULT_BOARD;

pub const ARTICLE_TARGET: &str = "x86_64-unknown-linux-gnu";

/// The targets that experiments are made on and that programs are taken apart for.
pub const STUDY_TARGETS: [&str; 2] = [DEFAULT_BOARD, ARTICLE_TARGET];

#[derive(Debug, Clone)]
pub struct Program {
    /// The folder of its Cargo.toml.
    pub package: PathBuf,
    /// `--example hello` or `--package x --bin x`.
    pub select: Vec<String>,
    pub name: String,
    /// Where Cargo puts it, from the profile's folder.
    pub folder: &'static str,
    /// How it is told what to listen on: `{address}` or `{port}`.
    pub argument: &'static str,
}

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

impl Target {
    /// The machine's own target, which is the article's.
    pub fn native() -> Self {
        Self {
            board: None,
            triple: ARTICLE_TARGET.to_owned(),
            rustflags: Vec::new(),
            linker: None,
            strip: "strip".to_owned(),
            bcj: Some("x86".to_owned()),
            runner: None,
            prebuilt_std: true,
        }
    }
}
