//! `imagekit rust-check`: was rustc given what the options say?

use std::path::PathBuf;

use anyhow::Result;
use rustcheck::verify::{Expected, Program, verify};
use rustcheck::{installed, profiles, record};

/// What is compared.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record of rustc's calls
    #[arg(long)]
    record: PathBuf,
    /// The target triple
    #[arg(long)]
    target: String,
    /// A setting of the cargo profile, name=value: opt-level=z, lto=fat, debug=false …; the others
    /// are those of cargo's `release`
    #[arg(long = "setting", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// A flag of every crate for the target; all of them must be named
    #[arg(long = "rustflag", allow_hyphen_values = true)]
    rustflags: Vec<String>,
    /// The standard library is compiled as well
    #[arg(long)]
    build_std: bool,
    /// A program that must have come out, as NAME, or NAME=FILE where FILE is to be that program
    #[arg(long = "program", value_parser = program)]
    programs: Vec<Program>,
    /// A folder with installed files: each program in it must be one of the record; without any
    /// program at all, every crate for the target is compared
    #[arg(long)]
    installed: Option<PathBuf>,
    /// Write what was found to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("name=value")?;
    Ok((name.to_owned(), value.to_owned()))
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
    let settings = args.settings.iter().cloned();
    let settings = settings.map(|(name, word)| (name, toml::Value::String(word)));
    let profile = profiles::of_settings(settings.collect());
    let calls = record::read(&args.record)?;
    let mut programs = args.programs.clone();
    if let Some(folder) = &args.installed {
        programs.extend(installed::programs(&calls, &args.target, folder)?);
    }
    let expected = Expected {
        target: args.target.clone(),
        codegen: profile.codegen,
        lto: profile.lto,
        rustflags: args.rustflags.clone(),
        build_std: args.build_std,
        programs,
    };
    let verified = verify(&calls, &expected)?;
    let names = expected.programs.iter().map(|program| &*program.name);
    let names = names.collect::<Vec<_>>().join(", ");
    println!(
        "{}: {} crates for {}, {} of them std's: {}",
        if names.is_empty() {
            "no program"
        } else {
            &names
        },
        verified.crates,
        args.target,
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
        let call = r#"{"args":["--crate-name","a","src/main.rs","--crate-type","bin","--target","t",
            "-C","opt-level=z","-C","lto=fat","-Zx"]}"#
            .replace('\n', "") + "\n";
        let words = ["rust-check", "--record", record.to_str().unwrap()];
        let rest = "--target t --setting opt-level=z --setting lto=true --rustflag -Zx --program a";
        let line = Line::parse_from(words.into_iter().chain(rest.split(' ')));
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
