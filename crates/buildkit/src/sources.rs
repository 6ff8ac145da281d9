//! The sources that are built: boards/common/sources.toml, and fetching what it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::apt::{Archive, Index};
use crate::cache::Cache;
use crate::command::{Log, tool};
use crate::deb_control::{Listed, upstream};
use crate::files::remove;
use crate::key::Key;

/// sources.toml.
#[derive(Debug, Deserialize)]
pub struct Sources {
    schema: u32,
    #[serde(flatten)]
    all: BTreeMap<String, Wanted>,
}

/// A source, as it is wanted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Debian's package.
    package: String,
    kind: Kind,
    /// Upstream versions of the series are fit to take the recorded one's place.
    series: String,
    /// Where a replacement is looked for, in this order.
    suites: Vec<String>,
    /// The recorded upstream version.
    version: String,
    /// The recorded file: its path in the archive.
    path: String,
    /// The recorded file's SHA-256.
    sha256: String,
    /// The tarball in the binary package that is the source.
    inner: Option<PathBuf>,
    /// The tarball of upstream, where the recorded file is another.
    upstream: Option<Upstream>,
}

/// A tarball as upstream offers it, for builders that do not take Debian's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Its version.
    pub version: String,
    /// Its SHA-256.
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A .deb that has the source in it.
    Binary,
    /// The upstream tarball of a source package.
    Tarball,
}

/// A source as it was found: what the build is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The upstream version.
    pub version: String,
    /// The file's name in Debian's archive.
    pub file: String,
    /// The file's SHA-256.
    pub sha256: String,
}

impl Sources {
    /// Reads sources.toml.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let sources: Self =
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        ensure!(
            sources.schema == 1,
            "{}: schema {}, this program reads 1",
            path.display(),
            sources.schema
        );
        Ok(sources)
    }

    /// What is wanted under a name.
    pub fn get(&self, name: &str) -> Result<&Wanted> {
        self.all
            .get(name)
            .with_context(|| format!("boards/common/sources.toml has no [{name}]"))
    }
}

impl Wanted {
    /// The same source in another version: the compiler's, for its standard library.
    pub fn in_version(mut self, version: &str) -> Self {
        if self.version != version {
            self.series = version.to_owned();
            self.version = version.to_owned();
            // Nothing is recorded of that one.
            self.path.clear();
        }
        self
    }

    /// The tarball of upstream; `None` where only Debian's package is recorded.
    pub fn upstream(&self) -> Option<Upstream> {
        let recorded = || Upstream {
            version: self.version.clone(),
            sha256: self.sha256.clone(),
        };
        let tarball = self.kind == Kind::Tarball;
        self.upstream.clone().or_else(|| tarball.then(recorded))
    }

    fn fits(&self, version: &str) -> bool {
        upstream(version)
            .strip_prefix(&self.series)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// Fetches and unpacks sources into the cache.
pub struct Store<'a> {
    cache: &'a Cache,
}

impl<'a> Store<'a> {
    /// The sources of a cache.
    pub fn new(cache: &'a Cache) -> Self {
        Self { cache }
    }

    /// Fetches a source, unless it is there. `note` tells people that another version than
    /// the recorded one was taken.
    pub fn fetch(
        &self,
        name: &str,
        wanted: &Wanted,
        log: &Log,
        note: &dyn Fn(String),
    ) -> Result<Source> {
        self.cache.exclusively(&format!("fetch-{name}"), log, || {
            let recorded = (!wanted.path.is_empty()).then(|| Source {
                version: wanted.version.clone(),
                file: file_name(&wanted.path),
                sha256: wanted.sha256.clone(),
            });
            if let Some(source) = recorded.as_ref().filter(|source| self.has(source)) {
                return Ok(source.clone());
            }
            if let Some(source) = self.remembered(name, wanted) {
                return Ok(source);
            }
            let archive = Archive::find(&self.cache.root().join("apt"))?;
            if let Some(source) = recorded {
                match self.download(&archive, &wanted.path, &source, log) {
                    Ok(()) => return Ok(source),
                    Err(error) => log.note(format!("{error:#}; looking for a later one")),
                }
            }
            let source = self.replacement(&archive, wanted, log)?;
            if source.version != wanted.version {
                note(format!(
                    "{name} {} is not on the mirror any more: taking {} (recorded in \
                     boards/common/sources.toml: {}); sizes may differ from the documented ones",
                    wanted.version, source.version, wanted.version
                ));
            }
            self.remember(name, wanted, &source)?;
            Ok(source)
        })
    }

    /// The unpacked tree of a source.
    pub fn unpack(
        &self,
        name: &str,
        wanted: &Wanted,
        source: &Source,
        log: &Log,
    ) -> Result<PathBuf> {
        self.unpack_patched(name, wanted, source, &[], log)
    }

    /// The unpacked tree of a source, with patches applied in their order.
    pub fn unpack_patched(
        &self,
        name: &str,
        wanted: &Wanted,
        source: &Source,
        patches: &[PathBuf],
        log: &Log,
    ) -> Result<PathBuf> {
        let mut key = Key::new("source", 1).field("sha256", &source.sha256);
        for patch in patches {
            key = key.file("patch", patch)?;
        }
        let kind = format!("source-{name}");
        let entry = self.cache.entry(&kind, &key, log, |rooms| {
            let tree = rooms.out.join("tree");
            let file = self.file(source);
            match (wanted.kind, &wanted.inner) {
                (Kind::Tarball, _) => untar(&file, &tree, log)?,
                (Kind::Binary, None) => extract(&file, &tree, log)?,
                (Kind::Binary, Some(inner)) => {
                    let package = rooms.work.join("package");
                    extract(&file, &package, log)?;
                    untar(&package.join(inner), &tree, log)?;
                }
            }
            for patch in patches {
                log.run(
                    tool("patch")
                        .args(["--strip=1", "--batch", "--fuzz=0", "--directory"])
                        .arg(&tree)
                        .arg("--input")
                        .arg(patch),
                )
                .with_context(|| format!("{} does not apply to {name}", patch.display()))?;
            }
            Ok(())
        })?;
        Ok(entry.path.join("tree"))
    }

    fn replacement(&self, archive: &Archive, wanted: &Wanted, log: &Log) -> Result<Source> {
        let index = match wanted.kind {
            Kind::Binary => Index::Packages,
            Kind::Tarball => Index::Sources,
        };
        let mut seen = Vec::new();
        for suite in &wanted.suites {
            let listed = match archive.list(suite, index, &wanted.package, log) {
                Ok(listed) => listed,
                Err(error) => {
                    // A suite that is broken or gone must not hide the next one.
                    log.note(format!("{error:#}"));
                    seen.push(format!("{suite}: no index"));
                    continue;
                }
            };
            for Listed {
                version,
                path,
                sha256,
            } in listed
            {
                seen.push(format!("{suite}: {version}"));
                if !wanted.fits(&version) {
                    continue;
                }
                let source = Source {
                    version: upstream(&version).to_owned(),
                    file: file_name(&path),
                    sha256,
                };
                if self.has(&source) {
                    return Ok(source);
                }
                match self.download(archive, &path, &source, log) {
                    Ok(()) => return Ok(source),
                    Err(error) => log.note(format!("{error:#}")),
                }
            }
        }
        bail!(
            "Debian's package {} in version {} cannot be had from this machine's mirror; seen: {}",
            wanted.package,
            wanted.series,
            if seen.is_empty() {
                "nothing".to_owned()
            } else {
                seen.join(", ")
            }
        )
    }

    fn download(&self, archive: &Archive, path: &str, source: &Source, log: &Log) -> Result<()> {
        let file = self.file(source);
        let folder = self.cache.root().join("downloads");
        fs::create_dir_all(&folder)?;
        // Beside its place until it is whole: fetch() holds the lock of this source.
        let partial = folder.join(format!("{}.partial", source.sha256));
        remove(&partial)?;
        archive.fetch(path, &source.sha256, &partial, log)?;
        fs::rename(&partial, &file)?;
        Ok(())
    }

    /// Where a source's file is: named by its hash, which was checked before it came there.
    fn file(&self, source: &Source) -> PathBuf {
        let folder = self.cache.root().join("downloads");
        folder.join(format!("{}-{}", &source.sha256[..16], source.file))
    }

    fn has(&self, source: &Source) -> bool {
        source.sha256.len() == 64 && self.file(source).is_file()
    }

    /// The replacement that was found last time: two runs are to build the same.
    fn remembered(&self, name: &str, wanted: &Wanted) -> Option<Source> {
        let text = fs::read_to_string(self.note_of(name, wanted)).ok()?;
        let source: Source = serde_json::from_str(&text).ok()?;
        self.has(&source).then_some(source)
    }

    fn remember(&self, name: &str, wanted: &Wanted, source: &Source) -> Result<()> {
        let path = self.note_of(name, wanted);
        fs::write(&path, serde_json::to_string_pretty(source)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn note_of(&self, name: &str, wanted: &Wanted) -> PathBuf {
        let folder = self.cache.root().join("downloads");
        folder.join(format!("{name}-{}.json", wanted.version))
    }
}

fn extract(package: &Path, to: &Path, log: &Log) -> Result<()> {
    log.run(tool("dpkg-deb").arg("--extract").arg(package).arg(to))
}

fn untar(file: &Path, to: &Path, log: &Log) -> Result<()> {
    fs::create_dir_all(to)?;
    log.run(
        tool("tar")
            .args(["--extract", "--strip-components=1", "--no-same-owner"])
            .arg("--file")
            .arg(file)
            .arg("--directory")
            .arg(to),
    )
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::Repo;

    fn sources() -> Sources {
        let repo = Repo::find().unwrap();
        Sources::load(&repo.path("boards/common/sources.toml")).unwrap()
    }

    #[test]
    fn what_is_recorded_is_of_its_series_and_has_a_whole_hash() {
        for (name, wanted) in &sources().all {
            assert!(wanted.fits(&wanted.version), "{name}");
            assert_eq!(wanted.sha256.len(), 64, "{name}");
            assert!(wanted.path.starts_with("pool/"), "{name}");
        }
    }

    #[test]
    fn all_builders_take_one_series_and_a_tarball_is_upstreams() {
        let sources = sources();
        for name in ["linux", "u-boot", "busybox", "musl"] {
            let wanted = sources.get(name).unwrap();
            let upstream = wanted.upstream().unwrap();
            assert!(wanted.fits(&upstream.version), "{name}");
            assert_eq!(upstream.sha256.len(), 64, "{name}");
            let same = upstream.sha256 == wanted.sha256;
            assert_eq!(same, wanted.kind == Kind::Tarball, "{name}");
        }
        assert_eq!(sources.get("rust-src").unwrap().upstream(), None);
    }

    #[test]
    fn a_series_has_its_point_releases_and_nothing_else() {
        let linux = sources().get("linux").unwrap().clone();
        assert!(linux.fits("6.12.110-1"));
        assert!(linux.fits("6.12.95-1~bpo12+1"));
        assert!(!linux.fits("6.120.1-1"));
        assert!(!linux.fits("6.13-1"));
        let std = sources().get("rust-src").unwrap().clone();
        assert!(
            std.clone()
                .in_version("1.96.1")
                .fits("1.96.1+dfsg1-2~bpo13+1")
        );
        assert!(!std.in_version("1.96.1").fits("1.95.0+dfsg1-2~bpo13+1"));
    }
}
