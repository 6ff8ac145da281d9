//! Build scripts that want more than a C compiler: the device's toolchain has C alone, and a build
//! fetches nothing that no lock file names.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Obstacle;
use super::sources::has_word;
use crate::graph::{Graph, Member};

pub(super) fn of(graph: &Graph, member: &Member) -> Result<Option<Obstacle>> {
    let Some(wants) = wants(member)? else {
        return Ok(None);
    };
    Ok(Some(Obstacle {
        what: format!("{} ({}) {wants}", member.title(), graph.way(member)),
        remedy: member.or_a_feature(graph.remedy(member)),
    }))
}

fn wants(member: &Member) -> Result<Option<&'static str>> {
    let scripts = member.package.targets.iter().filter(|target| {
        target
            .kind
            .contains(&cargo_metadata::TargetKind::CustomBuild)
    });
    let mut text = String::new();
    for script in scripts {
        text += &without_comments(&fs::read_to_string(&script.src_path)?);
    }
    if text.contains(".cpp(true)") || member.builds_with("cxx-build") {
        return Ok(Some(
            "compiles C++, and the device's toolchain compiles only C",
        ));
    }
    if member.builds_with("bindgen") {
        return Ok(Some(
            "reads C headers with libclang (bindgen), which this build does not have",
        ));
    }
    if downloads(&text) && !member.brings_its_source() {
        return Ok(Some(
            "has a build script that downloads files, which fails without a network",
        ));
    }
    if member.builds_with("cmake") && !on_path("cmake") {
        return Ok(Some("needs cmake, which is not installed"));
    }
    Ok(None)
}

/// The text without `//` comments, in which a call may be described.
pub(super) fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        // Not that of an address.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// An address, and something that fetches it.
fn downloads(text: &str) -> bool {
    const FETCH: &[&str] = &["curl", "wget", "reqwest", "ureq", "minreq", "attohttpc"];
    let address = ["\"http://", "\"https://"];
    address.iter().any(|start| text.contains(start))
        && FETCH.iter().any(|word| has_word(text, word))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}
