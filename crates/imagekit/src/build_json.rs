//! build.json: what an image folder was made from, in one form from every builder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use rustcheck::record::sha256_file;
use rustcheck::verify::Verified;
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const SCHEMA: &str = "tinyrust-build/2";

/// The files of an image folder that describe the others, and have no hash in build.json.
const DESCRIPTIONS: [&str; 4] = [
    "build.json",
    "flashfit.json",
    crate::bill::DOCUMENT,
    crate::bill::NOTICES,
];

/// build.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRecord {
    /// [`SCHEMA`]
    pub schema: String,
    /// Who built it: `direct`, `buildroot 2026.05.1`, `yocto 6.0.2` …
    pub builder: String,
    /// The board.
    pub board: String,
    /// The size profile.
    pub profile: String,
    /// The allocator.
    pub allocator: String,
    /// The Rust target.
    pub target: String,
    /// The git revision of what the image is built from, `-dirty` where files differ from it.
    pub git_revision: String,
    /// `rustc -vV`, by its own names.
    pub rustc: BTreeMap<String, String>,
    /// Compiler and linker of everything in C.
    pub cc: String,
    /// The sources: linux, u-boot, busybox, musl.
    pub sources: BTreeMap<String, Source>,
    /// What rustc was given.
    pub rust_flags: RustFlags,
    /// The SHA-256 of each file in the image folder.
    pub files: BTreeMap<String, String>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The upstream version.
    pub version: String,
    /// The name of the file it was unpacked from, where the builder knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The file's SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What is known of the flags of the server's crates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RustFlags {
    /// They were recorded and compared.
    Verified(Verified),
    /// They are not known.
    Unknown {
        /// Why.
        unknown: String,
    },
}

impl BuildRecord {
    /// Reads a build.json.
    ///
    /// # Errors
    /// When it cannot be read or is of another version.
    pub fn load(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let schema = serde_json::from_str::<serde_json::Value>(&text)
            .with_context(|| format!("in {shown}"))?
            .get("schema")
            .and_then(|schema| schema.as_str().map(str::to_owned))
            .unwrap_or_else(|| "none".to_owned());
        ensure!(
            schema == SCHEMA,
            "{shown}: schema {schema}, this program reads {SCHEMA}; build the image again"
        );
        serde_json::from_str(&text).with_context(|| format!("in {shown}"))
    }

    /// Takes the hashes of the files in a finished image folder, and writes build.json into it.
    ///
    /// # Errors
    /// When a file cannot be read, or build.json not written.
    pub fn write(mut self, images: &Path) -> Result<()> {
        self.files.clear();
        for entry in fs::read_dir(images)
            .with_context(|| format!("cannot read the image folder {}", images.display()))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // These say what the others are.
            if entry.path().is_file() && !DESCRIPTIONS.contains(&name.as_str()) {
                self.files.insert(name, sha256_file(&entry.path())?);
            }
        }
        let path = images.join("build.json");
        let text = serde_json::to_string_pretty(&self)? + "\n";
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What `rustc -vV` says, by its own names.
///
/// # Errors
/// When it cannot be run.
pub fn rustc_facts(rustc: &Path) -> Result<BTreeMap<String, String>> {
    Ok(rustc_names(&first_words(Command::new(rustc).arg("-vV"))?))
}

/// The names and values in the output of `rustc -vV`.
pub fn rustc_names(verbose: &str) -> BTreeMap<String, String> {
    let pairs = verbose.lines().filter_map(|line| line.split_once(": "));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The first lines of what compiler and linker say of their versions.
///
/// # Errors
/// When one cannot be run.
pub fn cc_facts(prefix: &str) -> Result<String> {
    let mut versions = Vec::new();
    for program in ["gcc", "ld"] {
        let text = first_words(Command::new(format!("{prefix}{program}")).arg("--version"))?;
        versions.push(text.lines().next().unwrap_or_default().to_owned());
    }
    Ok(versions.join("; "))
}

fn first_words(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        program.display(),
        output.status
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command line of `imagekit build-json`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The board's board.toml
    board: std::path::PathBuf,
    /// The finished image folder
    images: std::path::PathBuf,
    /// The builder, with its version
    #[arg(long)]
    builder: String,
    /// The size profile [default: the one in board.toml]
    #[arg(long)]
    profile: Option<String>,
    /// The allocator [default: the one in board.toml]
    #[arg(long)]
    allocator: Option<String>,
    /// The git revision that the image is built from
    #[arg(long)]
    revision: String,
    #[command(flatten)]
    compilers: Option<CompilerArgs>,
    /// The output of `imagekit compilers` from where they were in use
    #[arg(long = "compilers", conflicts_with = "CompilerArgs")]
    #[arg(required_unless_present = "CompilerArgs")]
    recorded: Option<std::path::PathBuf>,
    /// A source, as NAME=VERSION
    #[arg(long = "source", value_parser = source)]
    sources: Vec<(String, Source)>,
    /// The file that `imagekit rust-check --json` wrote
    #[arg(long)]
    rust_flags: Option<std::path::PathBuf>,
}

/// The compilers that an image is made with.
#[derive(Debug, clap::Args)]
pub struct CompilerArgs {
    /// The rustc that compiled the server
    #[arg(long)]
    rustc: std::path::PathBuf,
    /// The prefix of gcc and ld, such as arm-linux-gnueabihf-
    #[arg(long)]
    cc_prefix: String,
}

impl CompilerArgs {
    /// What they say of themselves.
    ///
    /// # Errors
    /// When one cannot be run.
    pub fn facts(&self) -> Result<Compilers> {
        Ok(Compilers {
            rustc: rustc_facts(&self.rustc)?,
            cc: cc_facts(&self.cc_prefix)?,
        })
    }
}

/// What compilers say of themselves, in the words of [`BuildRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compilers {
    rustc: BTreeMap<String, String>,
    cc: String,
}

fn source(text: &str) -> Result<(String, Source), String> {
    let (name, version) = text.split_once('=').ok_or("NAME=VERSION")?;
    let source = Source {
        version: version.to_owned(),
        file: None,
        sha256: None,
    };
    Ok((name.to_owned(), source))
}

/// Writes build.json.
///
/// # Errors
/// When a file cannot be read, or a compiler not run.
pub fn run(args: &Args) -> Result<()> {
    let board = board::Board::load(&args.board).map_err(|error| anyhow::anyhow!("{error}"))?;
    let rust = board.require(&board.rust, "rust")?;
    let rust_flags = match &args.rust_flags {
        Some(path) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            RustFlags::Verified(serde_json::from_str(&text)?)
        }
        None => RustFlags::Unknown {
            unknown: "the builder recorded no calls of rustc".to_owned(),
        },
    };
    let compilers = match (&args.compilers, &args.recorded) {
        (Some(compilers), _) => compilers.facts()?,
        (None, Some(path)) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?
        }
        (None, None) => {
            bail!("give the compilers with --rustc and --cc-prefix, or with --compilers")
        }
    };
    let record = BuildRecord {
        schema: SCHEMA.to_owned(),
        builder: args.builder.clone(),
        board: board.name.clone(),
        profile: args.profile.clone().unwrap_or_else(|| rust.profile.clone()),
        allocator: args
            .allocator
            .clone()
            .unwrap_or_else(|| rust.allocator.clone()),
        target: rust.target.clone(),
        git_revision: args.revision.clone(),
        rustc: compilers.rustc,
        cc: compilers.cc,
        sources: args.sources.iter().cloned().collect(),
        rust_flags,
        files: BTreeMap::new(),
    };
    record.write(&args.images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn record() -> BuildRecord {
        BuildRecord {
            schema: SCHEMA.to_owned(),
            builder: "direct".to_owned(),
            board: "b".to_owned(),
            profile: "tiny".to_owned(),
            allocator: "system".to_owned(),
            target: "t".to_owned(),
            git_revision: "0123456789ab".to_owned(),
            rustc: rustc_names("rustc 1.95.0\nrelease: 1.95.0\nhost: x\n"),
            cc: "gcc 12; ld 2.40".to_owned(),
            sources: [source("linux=6.12").unwrap()].into(),
            rust_flags: RustFlags::Unknown {
                unknown: "why".to_owned(),
            },
            files: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_written_is_read_with_the_hash_of_each_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("flash.bin"), "abc").unwrap();
        fs::write(folder.path().join("flashfit.json"), "{}").unwrap();
        record().write(folder.path()).unwrap();
        let read = BuildRecord::load(&folder.path().join("build.json")).unwrap();
        // The example of FIPS 180-4.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let files = [("flash.bin".to_owned(), hash.to_owned())].into();
        assert_eq!(read, BuildRecord { files, ..record() });
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_compilers_are_run_or_read() {
        let folder = tempfile::tempdir().unwrap();
        let facts = folder.path().join("compilers.json");
        let said = r#"{"rustc":{"release":"1.95.0"},"cc":"gcc 14; ld 2.44"}"#;
        fs::write(&facts, said).unwrap();
        let board = concat!(env!("CARGO_MANIFEST_DIR"), "/../../boards/malta/board.toml");
        let images = folder.path().join("images");
        fs::create_dir(&images).unwrap();
        let images = images.to_str().unwrap();
        let fixed = [
            "build-json",
            board,
            images,
            "--builder=yocto",
            "--revision=0",
        ];
        let parse = |more: &[&str]| Line::try_parse_from(fixed.iter().chain(more));
        let line = parse(&["--compilers", facts.to_str().unwrap()]).unwrap();
        run(&line.args).unwrap();
        let record = BuildRecord::load(&folder.path().join("images/build.json")).unwrap();
        assert_eq!(record.cc, "gcc 14; ld 2.44");
        parse(&["--rustc=rustc", "--cc-prefix=x-"]).unwrap();
        assert!(parse(&[]).is_err() && parse(&["--rustc=rustc"]).is_err());
    }

    #[test]
    fn another_schema_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("build.json");
        fs::write(&path, r#"{"schema":"tinyrust-build/1","proof":{}}"#).unwrap();
        let error = BuildRecord::load(&path).unwrap_err().to_string();
        assert!(error.contains("tinyrust-build/1") && error.contains("build the image again"));
    }
}
