//! `imagekit cargo-config`: what cargo is to be given for a size profile.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use rustcheck::profiles::{Choices, Profiles, Version};

/// What decides it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile, a table in app/profiles.toml
    #[arg(long)]
    profile: String,
    /// The cargo profile that gets its settings [default: the one of the same name]
    #[arg(long)]
    cargo_profile: Option<String>,
    /// The compiler
    #[arg(long, default_value = "rustc", conflicts_with = "rust")]
    rustc: PathBuf,
    /// The version of a compiler that is not installed here
    #[arg(long)]
    rust: Option<String>,
    /// The target triple
    #[arg(long)]
    target: String,
    /// Use the prebuilt standard library, and omit settings of the profile that need a rebuilt one
    #[arg(long)]
    prebuilt_std: bool,
    /// Omit a feature of the profile, such as immediate-abort or fmt-debug
    #[arg(long, value_name = "FEATURE")]
    without: Vec<String>,
    /// Keep the programs' symbols, because the builder strips them
    #[arg(long)]
    keep_symbols: bool,
    /// A flag of rustc for the target, placed before the profile's
    #[arg(long = "target-flag", value_name = "FLAG", allow_hyphen_values = true)]
    target_flags: Vec<String>,
    /// A flag of rustc that overrides the profile's, placed after them
    #[arg(long = "rustflag", value_name = "FLAG", allow_hyphen_values = true)]
    rustflags: Vec<String>,
    /// A folder for config.toml (cargo's `--config`), rustflags (`CARGO_ENCODED_RUSTFLAGS`) and
    /// expected.json (`imagekit rust-check`) [default: print config.toml]
    folder: Option<PathBuf>,
}

/// Writes or prints it. What this Rust lacks is said on standard error.
///
/// # Errors
/// When the compiler does not answer, or there is no such profile.
pub fn run(args: &Args) -> Result<()> {
    let (rust, described) = match &args.rust {
        Some(text) => (Version::parse(text)?, text.clone()),
        None => ask(&args.rustc)?,
    };
    let choices = Choices {
        rebuild_std: !args.prebuilt_std,
        without: args.without.clone(),
        keep_symbols: args.keep_symbols,
    };
    let resolved = Profiles::embedded()?.resolve(&args.profile, rust, &choices)?;
    for lack in &resolved.lacks {
        eprintln!("imagekit: profile {}: {lack}", args.profile);
    }
    let cargo_profile = args.cargo_profile.as_ref().unwrap_or(&args.profile);
    let expected = resolved.expected(&args.target, &args.target_flags, &args.rustflags);
    match &args.folder {
        Some(folder) => resolved.write(folder, cargo_profile, &expected, &described),
        None => {
            print!("{}", resolved.config(cargo_profile, &expected));
            Ok(())
        }
    }
}

fn ask(rustc: &PathBuf) -> Result<(Version, String)> {
    let shown = rustc.display();
    let output = Command::new(rustc).arg("-vV").output();
    let output = output.with_context(|| format!("cannot run {shown} -vV"))?;
    ensure!(
        output.status.success(),
        "{shown} -vV failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let verbose = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = Version::of_rustc(&verbose).with_context(|| format!("{shown} is not rustc"))?;
    Ok((version, verbose))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn into(folder: &std::path::Path, words: &[&str]) -> Result<()> {
        let first = ["cargo-config", "--target", "t"];
        let words = first.iter().chain(words).copied();
        run(&Line::parse_from(words.chain([folder.to_str().unwrap()])).args)
    }

    #[test]
    fn the_compiler_at_hand_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["--profile", "tiny", "--cargo-profile", "release"];
        into(folder.path(), &words).unwrap();
        let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("config.toml").contains("profile.release.lto = \"fat\"\n"));
        assert!(
            read("expected.json").contains("release: 1."),
            "{}",
            read("expected.json")
        );
    }

    /// A shell that passes the options on, and takes the flags into a variable, changes nothing.
    #[test]
    fn odd_characters_reach_rustc_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let odd = "-Clink-arg=it's a \"$(x)\" `y` *\\";
        let words = ["--profile", "tiny", "--rust", "1.95.0"];
        let flag = format!("--rustflag={odd}");
        into(folder.path(), &[&words[..], &[&*flag]].concat()).unwrap();
        let taken = Command::new("sh")
            .args([
                "-c",
                "CARGO_ENCODED_RUSTFLAGS=\"$(cat \"$0/rustflags\")\" env --null",
            ])
            .arg(folder.path())
            .output()
            .unwrap();
        let taken = String::from_utf8(taken.stdout).unwrap();
        let prefix = "CARGO_ENCODED_RUSTFLAGS=";
        let value = taken.split('\0').find_map(|line| line.strip_prefix(prefix));
        assert_eq!(value.unwrap().split('\u{1f}').next_back(), Some(odd));
    }

    #[test]
    fn what_is_no_compiler_and_what_is_no_profile_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (words, said) in [
            (
                ["--profile", "tiny", "--rustc", "/nowhere/rustc"],
                "cannot run /nowhere/rustc",
            ),
            (
                ["--profile", "tiny", "--rustc", "true"],
                "true is not rustc",
            ),
            (
                ["--profile", "tiny", "--rustc", "false"],
                "false -vV failed",
            ),
            (
                ["--profile", "tiny", "--rust", "new"],
                "\"new\" is not a version",
            ),
            (
                ["--profile", "huge", "--rust", "1.95"],
                "there are: release, tiny, tiny-diag",
            ),
        ] {
            let error = format!("{:#}", into(folder.path(), &words).unwrap_err());
            assert!(error.contains(said), "{said} is not in: {error}");
        }
    }
}
