//! The Rust compilers in Debian's suites, unpacked so that they run on another release.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use buildkit::apt::{Archive, Index};
use buildkit::cache::Cache;
use buildkit::command::Log;
use buildkit::deb_control::upstream;
use buildkit::files::remove;
use buildkit::key::Key;

/// Where to look: a suite, and the one that its packages depend on.
const SUITES: [&[&str]; 4] = [
    &["trixie"],
    &["trixie-backports", "trixie"],
    &["sid"],
    &["experimental", "sid"],
];

/// A compiler, cargo and the standard library's source as packages.
const FAMILIES: [[&str; 3]; 2] = [
    ["rustc", "cargo", "rust-src"],
    // What stable's browsers are built with.
    ["rustc-web", "cargo-web", "rust-web-src"],
];

/// A compiler that a suite has.
pub struct Found {
    /// `1.97.1`.
    pub version: String,
    suites: &'static [&'static str],
    /// `NAME=VERSION`.
    packages: Vec<String>,
}

/// All versions, each from the first suite that has it. A suite that cannot be had is said and
/// passed over.
pub fn available(cache: &Cache, log: &Log) -> Result<Vec<Found>> {
    let archive = Archive::find(&cache.folder("apt")?)?;
    let mut all: Vec<Found> = Vec::new();
    for suites in SUITES {
        for family in FAMILIES {
            match newest(&archive, suites, family, log) {
                Ok(Some(found)) => {
                    if !all.iter().any(|other| other.version == found.version) {
                        all.push(found);
                    }
                }
                Ok(None) => {}
                Err(error) => eprintln!("skipped: {}: {error:#}", suites[0]),
            }
        }
    }
    Ok(all)
}

/// The newest version of which a suite has all three packages.
fn newest(
    archive: &Archive,
    suites: &'static [&'static str],
    family: [&str; 3],
    log: &Log,
) -> Result<Option<Found>> {
    let list = |package| archive.list(suites[0], Index::Packages, package, log);
    let [compilers, cargos, sources] = [list(family[0])?, list(family[1])?, list(family[2])?];
    Ok(compilers.iter().find_map(|compiler| {
        let version = upstream(&compiler.version);
        let of = |packages: &[buildkit::deb_control::Listed]| {
            let package = packages.iter().find(|p| upstream(&p.version) == version)?;
            Some(package.version.clone())
        };
        let versions = [compiler.version.clone(), of(&cargos)?, of(&sources)?];
        let name = |(package, version): (&str, &String)| format!("{package}={version}");
        Some(Found {
            version: version.to_owned(),
            suites,
            packages: family.into_iter().zip(&versions).map(name).collect(),
        })
    }))
}

impl Found {
    /// The suite.
    pub fn suite(&self) -> &str {
        self.suites[0]
    }

    /// The toolchain's folder: the packages with all that they depend on, down to the C library.
    pub fn unpack(&self, cache: &Cache, log: &Log) -> Result<PathBuf> {
        let key = Key::new("rustc", 1)
            .field("suites", self.suites.join(" "))
            .field("packages", self.packages.join(" "));
        let entry = cache.entry("rustc", &key, log, |rooms| {
            let archive = Archive::find(&cache.folder("apt")?)?;
            archive.unpack(self.suites, &self.packages, rooms.work, rooms.out, log)?;
            for name in ["share/doc", "share/man", "share/locale"] {
                remove(&rooms.out.join("usr").join(name))?;
            }
            for program in ["rustc", "cargo"] {
                with_own_libraries(&rooms.out.join("usr"), program)?;
            }
            Ok(())
        })?;
        Ok(entry.value.join("usr"))
    }
}

/// Puts a script in a program's place that runs it with the libraries beside it.
fn with_own_libraries(usr: &Path, program: &str) -> Result<()> {
    const LIBRARIES: &str = "$usr/lib/x86_64-linux-gnu";
    let (place, own) = (
        usr.join("bin").join(program),
        usr.join("libexec").join(program),
    );
    fs::create_dir_all(usr.join("libexec"))?;
    fs::rename(&place, &own).with_context(|| format!("the packages have no {program}"))?;
    let script = format!(
        "#!/bin/sh\nusr=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")\n\
         exec \"{LIBRARIES}/ld-linux-x86-64.so.2\" --library-path \"{LIBRARIES}\" \
         --argv0 \"$0\" \"$usr/libexec/{program}\" \"$@\"\n"
    );
    fs::write(&place, script)?;
    Ok(fs::set_permissions(
        &place,
        fs::Permissions::from_mode(0o755),
    )?)
}
