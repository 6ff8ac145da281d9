//! What the tests of the program share: a folder of their own, images made by the real
//! tools, and runs of flashfit.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod contents;
pub mod golden;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder that is gone after the test.
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders on the way to it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The names in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs flashfit here.
    pub fn flashfit(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flashfit"));
        Run(command
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .unwrap())
    }

    /// Runs a tool here, which must be installed and succeed.
    pub fn tool(&self, program: &str, args: &[&str]) -> Run {
        let mut command = Command::new(program);
        let output = command.args(args).current_dir(self.folder.path()).output();
        let run = Run(output.unwrap_or_else(|error| {
            panic!(
                "{program}: {error}; install the Debian package {}",
                package(program)
            )
        }));
        assert!(
            run.0.status.success(),
            "{program} {args:?}:\n{}{}",
            run.stdout(),
            run.stderr()
        );
        run
    }

    /// Makes `image` of `folder`, with whatever owner runs the test.
    pub fn mksquashfs(&self, folder: &str, image: &str, options: &[&str]) {
        let always = ["-noappend", "-no-progress", "-quiet", "-all-root"];
        self.tool(
            "mksquashfs",
            &[&[folder, image], &always[..], options].concat(),
        );
    }
}

/// The Debian package of a tool.
fn package(program: &str) -> &str {
    match program {
        "mksquashfs" => "squashfs-tools",
        "dtc" | "fdtget" => "device-tree-compiler",
        "mkfs.jffs2" => "mtd-utils",
        "mkfs.erofs" => "erofs-utils",
        "mkimage" | "mkenvimage" => "u-boot-tools",
        "xz" => "xz-utils",
        other => other,
    }
}

/// What a program said.
pub struct Run(Output);

impl Run {
    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Asserts the exit code, and gives what was printed on standard output.
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(
            self.0.status.code(),
            Some(code),
            "{}{}",
            self.stdout(),
            self.stderr()
        );
        self
    }

    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Run {
        has(&self.stderr(), parts);
        self
    }

    #[track_caller]
    pub fn prints(self, parts: &[&str]) -> Run {
        has(&self.stdout(), parts);
        self
    }
}

#[track_caller]
pub fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// Bytes that no compressor makes smaller, the same in each run (xorshift64*).
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    out.truncate(length);
    out
}

/// Text that compresses.
pub fn text(seed: u64, length: usize) -> Vec<u8> {
    noise(seed, length)
        .iter()
        .map(|byte| b"etaoin shrdlu\n "[usize::from(byte % 15)])
        .collect()
}

/// The board.toml of every board in this repository.
pub fn boards() -> Vec<PathBuf> {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
    let names = board::names(&boards).unwrap();
    assert!(!names.is_empty());
    let file = |name: String| boards.join(name).join("board.toml");
    names.into_iter().map(file).collect()
}
