//! What cargo is told for a board's programs, whoever runs it: target, profile, flags, linker.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::context::Context;
use crate::toolchain::Toolchain;
use rustcheck::profiles::{self, Choices, Profiles, Resolved, Version};
use rustcheck::verify::{Expected, Program};

/// What is built of the app crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// The server and the example.
    All,
    /// The server.
    Server,
    /// One example.
    Hello,
}

impl Programs {
    /// The names of the programs.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::All => &["tinyrust", "hello"],
            Self::Server => &["tinyrust"],
            Self::Hello => &["hello"],
        }
    }

    fn selection(self, allocator: &str) -> Selection {
        let kind = |name: &str| match name {
            "hello" => "--example".to_owned(),
            _ => "--bin".to_owned(),
        };
        let names = self.names().iter();
        let mut arguments = names
            .flat_map(|&name| [kind(name), name.to_owned()])
            .collect::<Vec<_>>();
        // `system` is the C library's, which is there without a feature.
        arguments.push("--no-default-features".to_owned());
        if allocator != "system" {
            arguments.push(format!("--features={allocator}"));
        }
        Selection {
            programs: self.names().iter().map(|&name| name.to_owned()).collect(),
            examples: vec!["hello".to_owned()],
            arguments,
        }
    }
}

/// What of a package is built.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The names of the programs.
    pub programs: Vec<String>,
    /// Those of them that are examples.
    pub examples: Vec<String>,
    /// What selects them and their features.
    pub arguments: Vec<String>,
}

/// A call of cargo.
#[derive(Debug, Clone)]
pub struct CargoCall {
    /// The Rust target.
    pub target: String,
    /// The name of the size profile.
    pub profile: String,
    /// The names of the programs.
    pub programs: Vec<String>,
    examples: Vec<String>,
    /// Everything behind `cargo`.
    pub arguments: Vec<String>,
    /// Those of them that follow from the size profile.
    pub profile_arguments: Vec<String>,
    /// Flags of every rustc call for the target.
    pub rustflags: Vec<String>,
    /// What the environment says, by name.
    pub environment: Vec<(String, String)>,
    /// What the compiler lacks of what the profile wants: a sentence each.
    pub lacks: Vec<String>,
    expected: Expected,
}

impl CargoCall {
    /// The call that makes programs of the app crate.
    pub fn new(
        context: &Context,
        toolchain: &Toolchain,
        profile_name: &str,
        programs: Programs,
    ) -> Result<Self> {
        let facts = context.board.require(&context.board.rust, "rust")?;
        let mut call = Self::of(
            context,
            toolchain,
            profile_name,
            programs.selection(&facts.allocator),
        )?;
        let built_in = [
            ("TINYRUST_GIT_REVISION", &*context.repo.revision()),
            ("TINYRUST_TARGET", &facts.target),
            ("TINYRUST_PROFILE", profile_name),
        ];
        let built_in = built_in.map(|(name, value)| (name.to_owned(), value.to_owned()));
        call.environment.extend(built_in);
        Ok(call)
    }

    /// The call that makes a board's programs of any package.
    pub fn of(
        context: &Context,
        toolchain: &Toolchain,
        profile_name: &str,
        selection: Selection,
    ) -> Result<Self> {
        let app = context.repo.path("app");
        let facts = context.board.require(&context.board.rust, "rust")?;
        let choices = Choices {
            rebuild_std: true,
            without: Vec::new(),
            // Stripped by us, after the symbols were put aside.
            keep_symbols: true,
        };
        let profiles = Profiles::read(&app)?;
        let rust = Version::parse(&context.rustc.version)?;
        let profile = profiles.resolve(profile_name, rust, &choices)?;
        let expected = expected(&profile, &facts.target, &facts.rustflags);
        let mut arguments = ["build", "--locked", "--target", &facts.target]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(["--profile".to_owned(), profile_name.to_owned()]);
        arguments.push(format!("--jobs={}", context.jobs));
        arguments.extend(selection.arguments);
        let profile_arguments = profile.arguments(profile_name);
        arguments.extend(profile_arguments.iter().cloned());
        let mut environment = [
            ("RUSTC_BOOTSTRAP", "1"),
            ("CARGO_INCREMENTAL", "0"),
            ("CARGO_TERM_COLOR", "never"),
            ("CARGO_TERM_PROGRESS_WHEN", "never"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        environment.extend(linker(toolchain, &facts.target));
        Ok(Self {
            target: facts.target.clone(),
            profile: profile_name.to_owned(),
            programs: selection.programs,
            examples: selection.examples,
            arguments,
            profile_arguments,
            environment,
            rustflags: expected.rustflags.clone(),
            lacks: profile.lacks,
            expected,
        })
    }

    /// The value of `CARGO_ENCODED_RUSTFLAGS`, which beats every other source of flags: RUSTFLAGS,
    /// target and build tables of a config. What is in the folders must not show in the program.
    pub fn encoded_rustflags(&self, remaps: &[(PathBuf, &str)]) -> Result<String> {
        let remaps = remaps
            .iter()
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        let all = self.rustflags.iter().cloned().chain(remaps);
        profiles::encode(&all.collect::<Vec<_>>())
    }

    /// What rustc is to be seen to get, and where the programs are to be seen.
    pub fn expected(&self, target_folder: &Path) -> Expected {
        let program = |name: &String| Program {
            name: name.clone(),
            file: Some(self.built(target_folder, name)),
        };
        Expected {
            rustflags: self.rustflags.clone(),
            programs: self.programs.iter().map(program).collect(),
            ..self.expected.clone()
        }
    }

    /// Where a program is in cargo's target folder.
    pub fn built(&self, target_folder: &Path, name: &str) -> PathBuf {
        let folder = match self.profile.as_str() {
            "dev" => "debug",
            profile => profile,
        };
        let built = target_folder.join(&self.target).join(folder);
        match self.examples.iter().any(|example| example == name) {
            true => built.join("examples").join(name),
            false => built.join(name),
        }
    }
}

/// For musl targets: our C library, not the one that rustc may bring; and GCC's run-time, which
/// rustc leaves out and C in a crate calls (mimalloc's `__popcountsi2` on ARM).
pub const MUSL_FLAGS: [&str; 2] = ["-Clink-self-contained=no", "-Clink-arg=-lgcc"];

/// The board's flags, then the profile's, then what the linker in use asks for.
fn expected(profile: &Resolved, target: &str, board: &[String]) -> Expected {
    let linker = MUSL_FLAGS.map(str::to_owned);
    let musl = target.contains("musl");
    profile.expected(target, board, if musl { &linker } else { &[] })
}

/// The linker, and the C compiler of crates with C in them.
fn linker(toolchain: &Toolchain, target: &str) -> Vec<(String, String)> {
    let lower = target.replace(['-', '.'], "_");
    let upper = lower.to_uppercase();
    let gcc = toolchain.gcc().display().to_string();
    vec![
        (format!("CARGO_TARGET_{upper}_LINKER"), gcc.clone()),
        (format!("CC_{lower}"), gcc),
        // No flags: the cc crate takes the profile's, and behind a crate's own -O0 another one would
        // count (aws-lc-sys, where it must not).
        (format!("AR_{lower}"), toolchain.ar().display().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_keep_their_order_and_the_linkers_own_come_last() {
        let board = ["-Ctarget-feature=+thumb-mode".to_owned()];
        let profile = Resolved {
            rustflags: vec!["-Zlocation-detail=none".into()],
            ..Resolved::default()
        };
        let all = |profile, target| expected(profile, target, &board).rustflags;
        assert_eq!(
            all(&profile, "armv7-unknown-linux-musleabihf"),
            [
                "-Ctarget-feature=+thumb-mode",
                "-Zlocation-detail=none",
                "-Clink-self-contained=no",
                "-Clink-arg=-lgcc",
            ]
        );
        assert_eq!(all(&Resolved::default(), "x86_64-unknown-linux-gnu"), board);
    }

    #[test]
    fn the_system_allocator_is_the_one_without_a_feature() {
        let words = |allocator| Programs::All.selection(allocator).arguments.join(" ");
        let system = "--bin tinyrust --example hello --no-default-features";
        assert_eq!(words("system"), system);
        assert_eq!(words("mimalloc"), format!("{system} --features=mimalloc"));
    }
}
