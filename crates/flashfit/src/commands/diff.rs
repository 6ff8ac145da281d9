//! `flashfit diff`

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use board::units::{Bytes, Difference};
use flashfit::diff::{self, Level, View};
use flashfit::page;
use flashfit::report::{self, Report};

use super::report::Sources;
use crate::terminal::{OVER, WARNING, print, tell_error};

/// How many changes of a level a reader gets unless he asks for more.
const LISTED: usize = 10;

/// Show what changed between two builds: partitions, components, packages, files, crates, functions
///
/// Counts bytes on the flash. The changes of each table add up to the whole change. Noise has
/// lines of its own: a build id, a function that moved, a few bytes more or less of something
/// whose neighbours changed for the compressor.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit report output/images --json > before.json
  flashfit diff before.json output/images
  flashfit diff before.json after.json --level function --top 30
  flashfit diff before.json after.json --markdown --fail-over '4 KiB'
  flashfit diff before.json after.json --html diff.html
  flashfit diff before.json after.json --fail-over '1 KiB' --of rootfs.squashfs/usr/bin/server")]
pub(crate) struct Args {
    /// The first build: the output of `flashfit report --json`, an image folder or an image
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The second build
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    #[command(flatten)]
    sources: Sources,
    /// List one level only [default: all that the reports have]
    #[arg(long)]
    level: Option<Level>,
    /// List at most N changes of each level; 0 lists all [default: 10; with --json, all]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Print JSON (schema flashfit-diff/1)
    #[arg(long)]
    json: bool,
    /// Print Markdown for a pull request
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Also write a page to open in a browser: a picture of what grew and shrank, a search, a table
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit 1 if the used bytes of the flash grew by more than this, such as '4 KiB'
    #[arg(long, value_name = "SIZE")]
    fail_over: Option<Bytes>,
    /// Apply --fail-over to one part: a component, `slot a`, or the end of a path in the report
    #[arg(long, value_name = "PATH", requires = "fail_over")]
    of: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (before, after) = (
        load(&args.before, &args.sources)?,
        load(&args.after, &args.sources)?,
    );
    let diff = diff::diff(&before, &after);
    // Before anything is printed: a part that does not exist is a wrong command line.
    let growth = diff::growth_of(&diff, args.of.as_deref())?;
    let listed = args.top.unwrap_or(if args.json { 0 } else { LISTED });
    let view = View {
        level: args.level,
        top: (listed > 0).then_some(listed),
    };
    if let Some(path) = &args.html {
        page::write(path, &after, Some(&before))?;
    }
    print(&match (args.json, args.markdown) {
        (true, _) => diff.to_json(&view),
        (_, true) => diff::markdown(&diff, &view),
        _ => diff::table(&diff, &view),
    })?;
    let limit = args.fail_over.map(|limit| i128::from(limit.get()));
    match limit.filter(|limit| i128::from(growth) > *limit) {
        None => Ok(ExitCode::SUCCESS),
        Some(limit) => {
            tell_error(&format!(
                "{}: grew by {} bytes on flash, {} allowed (--fail-over)",
                args.of.as_deref().unwrap_or("the used flash"),
                Difference(growth.into()),
                Difference(limit)
            ));
            Ok(ExitCode::from(OVER))
        }
    }
}

/// A saved report, or one on an image.
fn load(path: &Path, sources: &Sources) -> anyhow::Result<Report> {
    if path.is_file() && is_json(path) {
        return Ok(Report::load(path)?);
    }
    let report = report::build(path, &sources.options())?;
    for warning in &report.warnings {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {warning}");
    }
    Ok(report)
}

/// No image begins with a brace. What cannot be read is left to who reads it whole.
fn is_json(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let start = &start[..read.unwrap_or(0)];
    start.trim_ascii_start().starts_with(b"{")
}
