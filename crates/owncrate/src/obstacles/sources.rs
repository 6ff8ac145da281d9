//! What a crate's own source says that the target does not have.

use std::fs;

use anyhow::{Context as _, Result};
use cargo_metadata::semver::Version;

use super::foreign_code::without_comments;
use super::{Obstacle, Target};
use crate::graph::{Graph, Member};

/// The first libc crate that has these names for musl, which dropped them from the library in
/// 1.2.4 (musl's release notes; rust-lang/libc#3307).
const LIBC: Version = Version::new(0, 2, 146);

/// Names of the large file interface.
const LFS64: &[&str] = &[
    "fallocate64",
    "fopen64",
    "fstat64",
    "fstatat64",
    "fstatvfs64",
    "ftruncate64",
    "lseek64",
    "lstat64",
    "mmap64",
    "open64",
    "openat64",
    "pread64",
    "preadv64",
    "pwrite64",
    "pwritev64",
    "readdir64",
    "sendfile64",
    "stat64",
    "statvfs64",
    "truncate64",
];

/// Atomic types of 64 bits.
const WIDE: [&str; 2] = ["AtomicU64", "AtomicI64"];

/// A crate that says one of these knows what to do where a target has no such atomics.
const KNOWS_ATOMICS: &[&str] = &[
    "target_has_atomic",
    "portable_atomic",
    "portable-atomic",
    "atomic_64",
    "has_atomic_u64",
];

pub(super) fn of(graph: &Graph, member: &Member, target: &Target) -> Result<Vec<Obstacle>> {
    let libc = graph.find("libc").filter(|_| target.is_musl());
    let old_libc = libc.filter(|libc| libc.package.version < LIBC);
    let atomics = !target.atomic_64;
    if (old_libc.is_none() && !atomics) || member.name() == "libc" {
        return Ok(Vec::new());
    }
    let text = source(member)?;
    let mut found = Vec::new();
    if let Some(libc) = old_libc {
        let called = LFS64
            .iter()
            .find(|name| has_word(&text, &format!("libc::{name}")));
        found.extend(called.map(|name| Obstacle {
            what: format!(
                "{} ({}) calls {name} of {}, which musl 1.2.4 and later lack",
                member.title(),
                graph.way(member),
                libc.title()
            ),
            remedy: format!(
                "`cargo update --package libc` (--update libc, for a released crate) gets \
                 {LIBC} or later, which defines it for musl"
            ),
        }));
    }
    let uses = WIDE.iter().find(|name| has_word(&text, name));
    let knows = KNOWS_ATOMICS.iter().any(|word| text.contains(word));
    if let Some(name) =
        uses.filter(|_| atomics && !knows && !member.package.name.starts_with("std"))
    {
        found.push(Obstacle {
            what: format!(
                "{} ({}) uses {name}, and {} has no 64-bit atomic operations",
                member.title(),
                graph.way(member),
                target.triple
            ),
            remedy: graph.remedy(member),
        });
    }
    Ok(found)
}

/// Manifest and source in one text, without comments.
fn source(member: &Member) -> Result<String> {
    let mut text = String::new();
    let manifest = &member.package.manifest_path;
    text += &fs::read_to_string(manifest).with_context(|| format!("cannot read {manifest}"))?;
    let build = member.folder().join("build.rs");
    if build.is_file() {
        text += &fs::read_to_string(&build)?;
    }
    for entry in walkdir::WalkDir::new(member.folder().join("src")) {
        // A crate may have its source elsewhere; then nothing is said of it.
        let Ok(entry) = entry else { break };
        let is_rust = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs");
        if entry.file_type().is_file() && is_rust {
            let bytes = fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            let source = String::from_utf8_lossy(&bytes);
            // Most files say nothing of it, and whole bindings of a system are large.
            let matters = |name: &str| source.contains(name);
            if WIDE
                .iter()
                .chain(LFS64)
                .chain(KNOWS_ATOMICS)
                .any(|name| matters(name))
            {
                text += &without_comments(&source);
            }
        }
    }
    Ok(text)
}

/// Whether a name stands in the text, and not only as a part of another.
pub(super) fn has_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}
