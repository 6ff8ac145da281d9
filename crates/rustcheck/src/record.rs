//! The record of a build's rustc calls: one JSON object per line.
//!
//! A program that calls [`wrap`] first thing in `main` can be cargo's `RUSTC_WRAPPER`
//! (The Cargo Book, "build.rustc-wrapper"): with [`VARIABLE`] set it runs rustc in its own place
//! and appends the call to that file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The environment variable that names the record; set, it makes [`wrap`] act.
pub const VARIABLE: &str = "TINYRUST_RUSTC_RECORD";

/// A call of rustc that compiled a crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Everything behind `rustc`.
    pub args: Vec<String>,
    /// The SHA-256 of the program that came out, in hexadecimal; absent for a library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_sha256: Option<String>,
    /// The package that the crate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
}

/// A package, as cargo tells rustc of it: with what its Cargo.toml inherits from a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The folder of its Cargo.toml.
    pub folder: PathBuf,
    /// Its name on the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence expression; empty where Cargo.toml has none.
    #[serde(default)]
    pub license: String,
    /// Who wrote it, separated by colons.
    #[serde(default)]
    pub authors: String,
    /// Where its source is kept.
    #[serde(default)]
    pub repository: String,
}

impl Package {
    /// What the environment says that cargo gives to rustc (The Cargo Book, "Environment variables
    /// Cargo sets for crates").
    fn from_environment() -> Option<Self> {
        let say = |name: &str| std::env::var(name).ok();
        let text = |name: &str| say(name).unwrap_or_default();
        Some(Self {
            folder: say("CARGO_MANIFEST_DIR")?.into(),
            name: say("CARGO_PKG_NAME")?,
            version: say("CARGO_PKG_VERSION")?,
            license: text("CARGO_PKG_LICENSE"),
            authors: text("CARGO_PKG_AUTHORS"),
            repository: text("CARGO_PKG_REPOSITORY"),
        })
    }
}

impl Call {
    /// The value of an option: `--name value` or `--name=value`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let mut words = self.args.iter();
        std::iter::from_fn(move || {
            while let Some(word) = words.next() {
                if word == name {
                    return words.next().map(String::as_str);
                }
                if let Some(value) = word.strip_prefix(name).and_then(|w| w.strip_prefix('=')) {
                    return Some(value);
                }
            }
            None
        })
    }

    /// The crate's name.
    pub fn crate_name(&self) -> &str {
        self.value("--crate-name").unwrap_or_default()
    }

    /// The crate's root source file.
    pub fn source(&self) -> Option<&Path> {
        let source = self.args.iter().find(|word| word.ends_with(".rs"));
        source.map(Path::new)
    }

    /// Whether a program was linked.
    pub fn links(&self) -> bool {
        self.value("--crate-type") == Some("bin")
    }

    /// Whether it compiles a crate of the standard library's own source; not what that takes
    /// from a registry.
    pub fn is_std(&self) -> bool {
        self.source().is_some_and(|path| {
            path.to_string_lossy()
                .contains("/rustlib/src/rust/library/")
        })
    }

    /// What the files that come out are called, without `lib` and extension: cargo tells units
    /// of one crate apart by `-C extra-filename`.
    pub fn unit(&self) -> String {
        let extra = self.args.iter().enumerate().find_map(|(at, word)| {
            let joined = word
                .strip_prefix("-C")
                .or_else(|| word.strip_prefix("--codegen="));
            let option = match joined {
                Some("") => self.args.get(at + 1)?,
                Some(option) => option,
                None if word == "--codegen" => self.args.get(at + 1)?,
                None => return None,
            };
            option.strip_prefix("extra-filename=")
        });
        format!("{}{}", self.crate_name(), extra.unwrap_or_default())
    }

    /// The units that it was told to use, in the words of [`unit`](Self::unit): the files behind
    /// `--extern`.
    pub fn uses(&self) -> impl Iterator<Item = String> {
        self.values("--extern").filter_map(|word| {
            let (_, path) = word.split_once('=')?;
            let stem = Path::new(path).file_stem()?.to_str()?;
            Some(stem.strip_prefix("lib").unwrap_or(stem).to_owned())
        })
    }

    /// Whether it compiles the crate with a feature of its Cargo.toml.
    pub fn has_feature(&self, name: &str) -> bool {
        self.features().any(|feature| feature == name)
    }

    /// The features that it compiles the crate with.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.values("--cfg")
            .filter_map(|value| value.strip_prefix("feature=\"")?.strip_suffix('"'))
    }

    /// Where rustc put the program.
    fn program(&self) -> Option<PathBuf> {
        let folder = self.value("--out-dir").filter(|_| self.links())?;
        Some(Path::new(folder).join(self.unit()))
    }
}

/// Reads a record.
///
/// # Errors
/// When it cannot be read, or a line is no call: the file and the line.
pub fn read(path: &Path) -> Result<Vec<Call>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("cannot read {shown}, the record of rustc's calls: was nothing compiled?")
    })?;
    let call = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| {
            format!(
                "{shown}:{}: not a call of rustc; remove the file and build again",
                at + 1
            )
        })
    };
    text.lines().enumerate().map(call).collect()
}

/// Does the wrapper's work where [`VARIABLE`] is set; otherwise nothing happens.
///
/// Cargo asks the compiler what it can do, and so do build scripts: those calls name no
/// `--crate-name` in `CARGO_CRATE_NAME` and are passed on unrecorded.
#[must_use]
pub fn wrap() -> Option<ExitCode> {
    let record = PathBuf::from(std::env::var_os(VARIABLE)?);
    Some(match run(&record) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: rustc wrapper: {error:#}");
            ExitCode::FAILURE
        }
    })
}

fn run(record: &Path) -> Result<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let Some(rustc) = words.next() else {
        bail!("{VARIABLE} is set, which makes this program cargo's RUSTC_WRAPPER; unset it");
    };
    let args = words.collect::<Vec<_>>();
    let mut command = Command::new(&rustc);
    command.args(&args);
    if std::env::var_os("CARGO_CRATE_NAME").is_none() {
        return Err(command.exec()).with_context(|| format!("cannot run {}", rustc.display()));
    }
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", rustc.display()))?;
    if status.success() {
        let word = |word: std::ffi::OsString| {
            word.into_string()
                .map_err(|word| anyhow::anyhow!("{} is not UTF-8", word.display()))
        };
        let mut call = Call {
            args: args.into_iter().map(word).collect::<Result<_>>()?,
            program_sha256: None,
            package: Package::from_environment(),
        };
        if let Some(program) = call.program().filter(|path| path.is_file()) {
            call.program_sha256 = Some(sha256_file(&program)?);
        }
        append(record, &call).with_context(|| format!("cannot write {}", record.display()))?;
    }
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// One write, so that calls at the same time do not mix.
fn append(record: &Path, call: &Call) -> io::Result<()> {
    let mut line = serde_json::to_vec(call)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(record)?;
    file.write_all(&line)
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_file(path: &Path) -> Result<String> {
    let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let digest = Sha256::digest(content);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Fails where a file is not the one that the call linked.
///
/// # Errors
/// When it differs or cannot be read.
pub fn same_program(call: &Call, file: &Path) -> Result<()> {
    let found = sha256_file(file)?;
    let linked = call.program_sha256.as_deref().unwrap_or("unknown");
    ensure!(
        found == linked,
        "{} is not the program whose build was recorded (SHA-256 {found}, linked {linked}): it \
         comes from another build; check CARGO_TARGET_DIR and build.target-dir",
        file.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &str) -> Call {
        Call {
            args: line.split(' ').map(str::to_owned).collect(),
            program_sha256: None,
            package: None,
        }
    }

    #[test]
    fn a_unit_is_named_as_its_files_are() {
        for line in [
            "--crate-name http -C extra-filename=-1a2b src/lib.rs",
            "--crate-name http -Cextra-filename=-1a2b src/lib.rs",
            "--crate-name=http --codegen extra-filename=-1a2b src/lib.rs",
            "--crate-name http --codegen=extra-filename=-1a2b src/lib.rs",
        ] {
            assert_eq!(call(line).unit(), "http-1a2b", "{line}");
        }
        let uses = call(
            "--extern http=/t/deps/libhttp-1a2b.rmeta --extern noprelude:std=/t/libstd-9.rlib",
        );
        assert_eq!(uses.uses().collect::<Vec<_>>(), ["http-1a2b", "std-9"]);
    }

    #[test]
    fn what_was_written_is_read_and_a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rustc.jsonl");
        let one = call("--crate-name a src/lib.rs");
        append(&path, &one).unwrap();
        append(&path, &one).unwrap();
        assert_eq!(read(&path).unwrap(), [one.clone(), one]);
        std::fs::write(&path, "{\"args\":[]}\n{\"args\":[\n").unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("rustc.jsonl:2: not a call"), "{error}");
    }
}
