//! The sources that are built: boards/common/sources.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::deb_control::upstream;

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
    pub(crate) package: String,
    pub(crate) kind: Kind,
    /// Upstream versions of the series are fit to take the recorded one's place.
    pub(crate) series: String,
    /// Where a replacement is looked for, in this order.
    pub(crate) suites: Vec<String>,
    /// The recorded upstream version.
    pub(crate) version: String,
    /// The recorded file: its path in the archive.
    pub(crate) path: String,
    /// The recorded file's SHA-256.
    pub(crate) sha256: String,
    /// The tarball in the binary package that is the source.
    pub(crate) inner: Option<PathBuf>,
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
pub(crate) enum Kind {
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

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
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

    /// The recorded file; none where nothing is recorded of the version.
    pub(crate) fn recorded(&self) -> Option<Source> {
        (!self.path.is_empty()).then(|| Source {
            version: self.version.clone(),
            file: file_name(&self.path),
            sha256: self.sha256.clone(),
        })
    }

    pub(crate) fn fits(&self, version: &str) -> bool {
        upstream(version)
            .strip_prefix(&self.series)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The last part of a path in an archive.
pub(crate) fn file_name(path: &str) -> String {
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
