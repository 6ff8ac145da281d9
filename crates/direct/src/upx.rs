//! UPX, for root file systems that do not compress: off unless asked for.
//!
//! squashfs compresses the program anyway. A packed one unpacks itself into memory at each
//! start, and no page of it can be dropped again; docs/ladder.md has the figures.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::cargo_build::App;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::{Log, tool};
use buildkit::key::{Key, sha256_file};
use buildkit::made::Made;
use buildkit::sources::{Source, Sources};
use buildkit::store::Store;

/// The processors, in Rust's names, for which UPX packs Linux programs.
///
/// Source: the list that `upx --help` prints, version 4.2.
const SERVED: &[&str] = &[
    "aarch64",
    "arm",
    "armv5te",
    "armv7",
    "i586",
    "i686",
    "mips",
    "mipsel",
    "powerpc",
    "powerpc64le",
    "thumbv7neon",
    "x86_64",
];

/// Fails with a reason where UPX serves a target's processor not at all.
pub fn require(triple: &str) -> Result<()> {
    let processor = triple.split('-').next().unwrap_or(triple);
    ensure!(
        SERVED.contains(&processor),
        "UPX does not support {processor} ({triple}), only {}. Build without --upx: squashfs \
         compresses the program anyway",
        SERVED.join(", ")
    );
    Ok(())
}

/// UPX itself, from Debian's package, fetched when it is first wanted; and what it is.
pub fn program(repo: &Repo, cache: &Cache, log: &Log) -> Result<(PathBuf, Source)> {
    let sources = Sources::load(&repo.path("boards/common/sources.toml"))?;
    let wanted = sources.get("upx")?;
    let store = Store::new(cache);
    let source = store.fetch("upx", wanted, log, &|text| eprintln!("{text}"))?;
    let package = store.unpack("upx", wanted, &source, log)?;
    Ok((package.join("usr/bin/upx-ucl"), source))
}

/// Packs finished programs, unless they are in the cache.
pub fn pack(
    repo: &Repo,
    cache: &Cache,
    triple: &str,
    app: &App,
    names: &[&str],
    log: &Log,
) -> Result<Made<App>> {
    require(triple)?;
    let (upx, _) = program(repo, cache, log)?;
    let mut key = Key::new("upx", 2).file("upx", &upx)?;
    for name in names {
        key = key.field(name, sha256_file(&app.program(name))?);
    }
    let entry = cache.entry("upx", &key, log, |rooms| {
        for name in names {
            run(
                &upx,
                "--ultra-brute",
                &app.program(name),
                &rooms.out.join(name),
                log,
            )?;
        }
        app.copy_facts(rooms.out)
    })?;
    Ok(entry.map(App::at))
}

fn run(upx: &Path, effort: &str, from: &Path, to: &Path, log: &Log) -> Result<()> {
    log.run(tool(upx).args(["-q", effort, "-o"]).arg(to).arg(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_upx_does_not_serve_is_said_with_those_it_does() {
        for triple in ["armv7-unknown-linux-musleabihf", "x86_64-unknown-linux-gnu"] {
            require(triple).unwrap();
        }
        for triple in [
            "riscv64gc-unknown-linux-musl",
            "riscv32imac-unknown-linux-musl",
        ] {
            let error = require(triple).unwrap_err().to_string();
            assert!(
                error.contains("riscv") && error.contains("armv7"),
                "{error}"
            );
        }
    }
}
