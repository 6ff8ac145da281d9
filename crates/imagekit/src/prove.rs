//! The proof for Buildroot: what rustc was given, and which variable was stronger if it was
//! given something else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use rustcheck::proof::{self, Expected, Lto};

/// What is to be proved.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The calls of rustc, as the wrapper wrote them down
    #[arg(long)]
    log: PathBuf,
    /// The target triple
    #[arg(long)]
    target: String,
    /// A `-C` option that each crate must have, name=value
    #[arg(long = "codegen", value_parser = pair)]
    codegen: Vec<(String, String)>,
    /// Link-time optimization: fat, thin or off
    #[arg(long)]
    lto: String,
    /// A flag that each crate must have
    #[arg(long = "rustflag", allow_hyphen_values = true)]
    rustflags: Vec<String>,
    /// The standard library is compiled as well
    #[arg(long)]
    build_std: bool,
    /// A program that must have come out
    #[arg(long = "program", required = true)]
    programs: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Proves it, or says what was given instead and where that may have come from.
///
/// # Errors
/// When the log cannot be read or a call differs.
pub fn run(args: &Args) -> Result<()> {
    let log = std::fs::read_to_string(&args.log)
        .with_context(|| format!("cannot read the calls of rustc in {}", args.log.display()))?;
    let expected = Expected {
        target: args.target.clone(),
        codegen: args.codegen.iter().cloned().collect::<BTreeMap<_, _>>(),
        lto: match args.lto.as_str() {
            "fat" | "true" => Lto::Fat,
            "thin" => Lto::Thin,
            "off" | "false" | "" => Lto::Off,
            other => bail!("lto: fat, thin or off, not {other}"),
        },
        rustflags: args.rustflags.clone(),
        build_std: args.build_std,
        programs: args.programs.clone(),
    };
    match proof::verify(&log, &expected) {
        Ok(proof) => {
            println!(
                "{}: {} crates for {}, {} of them std's: {}",
                args.programs.join(", "),
                proof.crates,
                args.target,
                proof.std_crates,
                proof.given.join(" ")
            );
            Ok(())
        }
        Err(error) => bail!("{error}{}", suspects(&error.to_string(), std::env::vars())),
    }
}

/// The variables in sight that are stronger than what the package set.
///
/// Strongest first, as cargo takes them: `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS`,
/// `CARGO_TARGET_*_RUSTFLAGS` (The Cargo Book, "build.rustflags").
fn suspects(error: &str, vars: impl Iterator<Item = (String, String)>) -> String {
    let mut found = vars
        .filter(|(name, value)| !value.is_empty() && is_suspect(name, error))
        .collect::<Vec<_>>();
    found.sort();
    let mut text = String::new();
    for (name, value) in found {
        let _ = write!(text, "\n  in the environment: {name}={value}");
    }
    if text.is_empty() {
        text.push_str(
            "\n  no variable of the environment says so: look at [profile.release.package.*] of \
             the crate's Cargo.toml, and at <PKG>_CARGO_ENV and <PKG>_CARGO_BUILD_OPTS of its .mk",
        );
    }
    text
}

fn is_suspect(name: &str, error: &str) -> bool {
    if let Some(key) = name
        .strip_prefix("CARGO_PROFILE_RELEASE_")
        .or_else(|| name.strip_prefix("CARGO_PROFILE_DEV_"))
    {
        return error.contains(&format!("{}:", key.to_lowercase().replace('_', "-")));
    }
    name == "RUSTFLAGS"
        || name == "CARGO_ENCODED_RUSTFLAGS"
        || name == "CARGO_BUILD_RUSTFLAGS"
        || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(all: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        all.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn the_variable_that_was_stronger_is_named_with_its_value() {
        let text = suspects(
            "opt-level: z wanted, 2 given",
            vars(&[
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
                ("CARGO_PROFILE_RELEASE_PANIC", "unwind"),
                ("RUSTFLAGS", ""),
            ]),
        );
        assert!(text.contains("CARGO_PROFILE_RELEASE_OPT_LEVEL=2"), "{text}");
        assert!(
            !text.contains("PANIC") && !text.contains("RUSTFLAGS"),
            "{text}"
        );
    }

    #[test]
    fn without_a_variable_the_other_places_are_named() {
        let text = suspects("lto: fat wanted, off given", vars(&[("HOME", "/root")]));
        assert!(text.contains("profile.release.package"), "{text}");
    }

    #[test]
    fn a_log_of_calls_is_proved_and_a_changed_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("rustc.log");
        let call = "     Running `'rustc' '--crate-name' 'a' 'src/main.rs' '--crate-type' 'bin' \
                    '--target' 't' '-C' 'opt-level=z' '-C' 'lto=fat' '-Zx'`\n";
        let args = Args {
            log: log.clone(),
            target: "t".into(),
            codegen: vec![("opt-level".into(), "z".into())],
            lto: "fat".into(),
            rustflags: vec!["-Zx".into()],
            build_std: false,
            programs: vec!["a".into()],
        };
        std::fs::write(&log, call).unwrap();
        run(&args).unwrap();
        std::fs::write(&log, call.replace("opt-level=z", "opt-level=2")).unwrap();
        let error = run(&args).unwrap_err().to_string();
        assert!(error.contains("opt-level: z wanted, 2 given"), "{error}");
    }
}
