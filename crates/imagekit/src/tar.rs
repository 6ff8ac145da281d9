//! GNU tar, which unpacks parts of an archive of a gigabyte.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::command::run;

/// What stands before `member` in the archive: `rustc-1.97.1-src/`; nothing where no member ends so.
pub(crate) fn prefix_of(archive: &Path, member: &str) -> Result<Option<String>> {
    let mut tar = tar()
        .arg("--list")
        .arg("--file")
        .arg(archive)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start tar")?;
    let lines = BufReader::new(tar.stdout.take().context("tar has no output")?).lines();
    for line in lines {
        let line = line.with_context(|| format!("cannot list {}", archive.display()))?;
        if let Some(prefix) = line.strip_suffix(member)
            && (prefix.is_empty() || prefix.ends_with('/'))
        {
            // The rest of a long list is of no use.
            tar.kill()?;
            tar.wait()?;
            return Ok(Some(prefix.to_owned()));
        }
    }
    if !tar.wait()?.success() {
        bail!("cannot list {}: tar failed, see above", archive.display());
    }
    Ok(None)
}

/// Unpacks members, files or folders, into a folder, without the prefix.
pub(crate) fn extract(archive: &Path, prefix: &str, members: &[String], to: &Path) -> Result<()> {
    run(&mut extraction(archive, prefix, members, to))
}

/// As [`extract`], the members that are there; tar fails for those that are not, having unpacked
/// the others.
pub(crate) fn extract_present(
    archive: &Path,
    prefix: &str,
    members: &[String],
    to: &Path,
) -> Result<()> {
    let mut tar = extraction(archive, prefix, members, to);
    let output = tar.stderr(Stdio::piped()).output();
    let output = output.context("cannot start tar")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = |line: &str| {
        line.contains("Not found in archive") || line.contains("Exiting with failure status")
    };
    if !output.status.success() && !said.lines().all(expected) {
        bail!("cannot unpack {}: {said}", archive.display());
    }
    Ok(())
}

fn extraction(archive: &Path, prefix: &str, members: &[String], to: &Path) -> Command {
    let mut tar = tar();
    tar.args(["--extract", "--no-same-owner", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(to)
        .arg(format!(
            "--strip-components={}",
            prefix.matches('/').count()
        ))
        .args(members.iter().map(|member| format!("{prefix}{member}")));
    tar
}

fn tar() -> Command {
    let mut tar = Command::new("tar");
    // Its messages are read.
    tar.env("LC_ALL", "C");
    tar
}
