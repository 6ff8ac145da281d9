//! Libraries of the system, of which the device has none but the C library, linked statically.

use super::Obstacle;
use crate::graph::{Graph, Member};

/// Crates that compile the C source they bring where pkg-config finds no library, as it does when
/// compiling for another machine.
const BRING_THEIR_SOURCE: &[&str] = &[
    "bzip2-sys",
    "curl-sys",
    "libgit2-sys",
    "libmimalloc-sys",
    "liblzma-sys",
    "libssh2-sys",
    "libz-sys",
    "lzma-sys",
    "onig_sys",
    "zstd-sys",
];

/// A crate with more files in C than this brings a library, and not only what binds one.
const FEW: usize = 4;

pub(super) fn of(graph: &Graph, member: &Member) -> Option<Obstacle> {
    let library = member.package.links.as_deref()?;
    let name = member.name();
    if member.brings_its_source() || BRING_THEIR_SOURCE.contains(&name) {
        return None;
    }
    let asks = ["pkg-config", "system-deps", "pkgconf", "vcpkg"];
    let asks = asks.iter().find(|tool| member.builds_with(tool));
    if name != "openssl-sys" {
        asks?;
    }
    let way = graph.way(member);
    if member.offers_its_source().is_empty() && name != "openssl-sys" && sources(member) > FEW {
        return None;
    }
    Some(Obstacle {
        what: format!(
            "{} ({way}) links the system library {library}, which the device lacks",
            member.title()
        ),
        remedy: member.or_a_feature(graph.remedy(member)),
    })
}

/// How many files in C the crate brings.
fn sources(member: &Member) -> usize {
    let files = walkdir::WalkDir::new(member.folder()).into_iter().flatten();
    let is_c = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "c");
    files.filter(|entry| is_c(entry.path())).count()
}
