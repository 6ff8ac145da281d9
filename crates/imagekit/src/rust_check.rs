//! `imagekit rust-check`: was rustc given what `imagekit cargo-config` gave to cargo?

use std::path::PathBuf;

use anyhow::Result;
use rustcheck::verify::{Program, verify};
use rustcheck::{installed, profiles, record};

/// What is compared.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record of rustc's calls
    #[arg(long)]
    record: PathBuf,
    /// The folder that `imagekit cargo-config` filled for the build
    #[arg(long)]
    cargo_config: PathBuf,
    /// A program that the build must have linked, as NAME, or as NAME=FILE if FILE must be that program
    #[arg(long = "program", value_parser = program)]
    programs: Vec<Program>,
    /// A folder of installed files: each program in it must be in the record. If no program is
    /// named or installed, every crate for the target is compared
    #[arg(long)]
    installed: Option<PathBuf>,
    /// Write the result to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

fn program(text: &str) -> Result<Program, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    Ok(Program {
        name: name.to_owned(),
        file,
    })
}

/// Compares, and prints what was found.
///
/// # Errors
/// When the record cannot be read or a call differs.
pub fn run(args: &Args) -> Result<()> {
    let mut expected = profiles::expected(&args.cargo_config)?;
    let calls = record::read(&args.record)?;
    expected.programs.clone_from(&args.programs);
    if let Some(folder) = &args.installed {
        let installed = installed::programs(&calls, &expected.target, folder)?;
        expected.programs.extend(installed);
    }
    let verified = verify(&calls, &expected)?;
    let names = expected.programs.iter().map(|program| &*program.name);
    let names = names.collect::<Vec<_>>().join(", ");
    println!(
        "{}: {} crates for {}, {} of them from std: {}",
        if names.is_empty() {
            "no program"
        } else {
            &names
        },
        verified.crates,
        expected.target,
        verified.std_crates,
        verified.given.join(" ")
    );
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&verified)? + "\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use rustcheck::profiles::{Choices, Profiles, Version};

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_record_is_compared_and_a_changed_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("rustc.jsonl");
        let told = folder.path().to_str().unwrap();
        let profiles = Profiles::embedded().unwrap();
        let choices = Choices {
            rebuild_std: false,
            without: Vec::new(),
            keep_symbols: false,
        };
        let rust = Version::parse("1.95").unwrap();
        let tiny = profiles.resolve("tiny", rust, &choices).unwrap();
        let expected = tiny.expected("t", &[], &["-Zx".to_owned()]);
        tiny.write(folder.path(), "tiny", &expected, "").unwrap();
        let call = r#"{"args":["--crate-name","a","src/main.rs","--crate-type","bin","--target","t",
            "-C","opt-level=z","-C","lto=fat","-C","codegen-units=1","-C","panic=abort",
            "-C","strip=symbols","-Cforce-unwind-tables=no",
            "-Zlocation-detail=none","-Zfmt-debug=none","-Zx"]}"#
            .replace('\n', "") + "\n";
        let words = ["rust-check", "--record", record.to_str().unwrap()];
        let rest = ["--cargo-config", told, "--program", "a"];
        let line = Line::parse_from(words.into_iter().chain(rest));
        std::fs::write(&record, &call).unwrap();
        run(&line.args).unwrap();
        std::fs::write(&record, call.replace("opt-level=z", "opt-level=2")).unwrap();
        let error = run(&line.args).unwrap_err().to_string();
        assert!(
            error.contains("-Copt-level=z wanted, -Copt-level=2 given"),
            "{error}"
        );
    }
}
