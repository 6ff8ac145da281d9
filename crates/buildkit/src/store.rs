//! Fetching and unpacking sources: from a folder of one's own, else from Debian's archive.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::apt::{Archive, Index};
use crate::cache::Cache;
use crate::command::{Log, tool};
use crate::deb_control::{Listed, upstream};
use crate::files::remove;
use crate::key::{Key, sha256_file};
use crate::scratch::unique;
use crate::sources::{Kind, Source, Wanted, file_name};
use crate::stock::DOWNLOADS;

/// The environment's name of the folder of source files that stands before the archive.
const FOLDER: &str = "TINYRUST_SOURCES";

/// Fetches and unpacks sources into the cache.
pub struct Store<'a> {
    cache: &'a Cache,
    /// Files here are taken in place of the archive's.
    folder: Option<PathBuf>,
}

impl<'a> Store<'a> {
    /// The sources of a cache; new ones come from `$TINYRUST_SOURCES`, else from the archive.
    pub fn new(cache: &'a Cache) -> Self {
        let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty());
        Self {
            cache,
            folder: folder.map(PathBuf::from),
        }
    }

    /// Fetches a source, unless it is there. `note` tells people where it does not come from
    /// where they may think.
    pub fn fetch(
        &self,
        name: &str,
        wanted: &Wanted,
        log: &Log,
        note: &dyn Fn(String),
    ) -> Result<Source> {
        let recorded = wanted.recorded();
        let cached = || recorded.clone().filter(|source| self.has(source));
        let remembered = || self.remembered(name, wanted);
        // Without a lock, which a cache that can only be read does not give.
        let known = match self.folder {
            None => cached().or_else(remembered),
            Some(_) => cached(),
        };
        if let Some(source) = known {
            return Ok(source);
        }
        let _lock = self.cache.lock(&format!("fetch-{name}"), log)?;
        if let Some(source) = cached() {
            return Ok(source);
        }
        if let Some(source) = &recorded
            && self.take(source, note)?
        {
            return Ok(source.clone());
        }
        if let Some(source) = remembered() {
            return Ok(source);
        }
        let archive = Archive::find(&self.cache.root().join("apt"))?;
        if let Some(source) = recorded {
            match self.download(&archive, &wanted.path, &source, log) {
                Ok(()) => return Ok(source),
                Err(error) => log.note(format!("{error:#}; looking for a later version")),
            }
        }
        let source = self.replacement(&archive, wanted, log, note)?;
        if source.version != wanted.version {
            note(format!(
                "{name} {} is no longer on the mirror: using {} instead; sizes may differ from \
                 the documentation",
                wanted.version, source.version
            ));
        }
        self.remember(name, wanted, &source)?;
        Ok(source)
    }

    /// Puts the recorded file of a source into a folder, for `$TINYRUST_SOURCES`; its name there.
    pub fn export(
        &self,
        name: &str,
        wanted: &Wanted,
        folder: &Path,
        log: &Log,
        note: &dyn Fn(String),
    ) -> Result<String> {
        let recorded = wanted
            .recorded()
            .context("sources.toml records no file for it")?;
        let file = folder.join(&recorded.file);
        if sha256_file(&file).is_ok_and(|hash| hash == recorded.sha256) {
            return Ok(recorded.file);
        }
        let source = self.fetch(name, wanted, log, note)?;
        ensure!(
            source == recorded,
            "{name} {}: neither {FOLDER} nor Debian's archive still has {}; a build would use \
             {} instead",
            wanted.version,
            recorded.file,
            source.file
        );
        copy_whole(&self.file(&source), &file)?;
        Ok(source.file)
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
        Ok(entry.value.join("tree"))
    }

    fn replacement(
        &self,
        archive: &Archive,
        wanted: &Wanted,
        log: &Log,
        note: &dyn Fn(String),
    ) -> Result<Source> {
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
                if self.has(&source) || self.take(&source, note)? {
                    return Ok(source);
                }
                match self.download(archive, &path, &source, log) {
                    Ok(()) => return Ok(source),
                    Err(error) => log.note(format!("{error:#}")),
                }
            }
        }
        bail!(
            "this machine's mirror has no Debian package {} in version {}; found: {}",
            wanted.package,
            wanted.series,
            if seen.is_empty() {
                "nothing".to_owned()
            } else {
                seen.join(", ")
            }
        )
    }

    /// Takes a file from the folder that stands before the archive; whether it was there.
    fn take(&self, source: &Source, note: &dyn Fn(String)) -> Result<bool> {
        let Some(folder) = &self.folder else {
            return Ok(false);
        };
        let file = folder.join(&source.file);
        ensure!(
            folder.is_dir(),
            "{FOLDER} = {}: no such folder; `cargo xtask sources --into DIR` makes one",
            folder.display()
        );
        if !file.is_file() {
            return Ok(false);
        }
        let found = sha256_file(&file)?;
        if found != source.sha256 {
            note(format!(
                "{}: SHA-256 {found}, expected {} for version {}: ignored",
                file.display(),
                source.sha256,
                source.version
            ));
            return Ok(false);
        }
        self.cache.folder(DOWNLOADS)?;
        copy_whole(&file, &self.file(source))?;
        Ok(self.has(source))
    }

    fn download(&self, archive: &Archive, path: &str, source: &Source, log: &Log) -> Result<()> {
        let folder = self.cache.folder(DOWNLOADS)?;
        // Beside its place until it is whole.
        let partial = folder.join(format!("{}.partial", unique()));
        let fetched = archive.fetch(path, &source.sha256, &partial, log);
        if let Err(error) = fetched {
            remove(&partial)?;
            return Err(error);
        }
        fs::rename(&partial, self.file(source))?;
        Ok(())
    }

    /// Where a source's file is: named by its hash, which was checked before it came there.
    fn file(&self, source: &Source) -> PathBuf {
        let folder = self.cache.root().join(DOWNLOADS);
        folder.join(format!("{}-{}", &source.sha256[..16], source.file))
    }

    fn has(&self, source: &Source) -> bool {
        source.sha256.len() == 64 && self.cache.has_file(&self.file(source))
    }

    /// The replacement that was found last time: two runs are to build the same.
    fn remembered(&self, name: &str, wanted: &Wanted) -> Option<Source> {
        let text = fs::read_to_string(self.note_of(name, wanted)).ok()?;
        let source: Source = serde_json::from_str(&text).ok()?;
        self.has(&source).then_some(source)
    }

    fn remember(&self, name: &str, wanted: &Wanted, source: &Source) -> Result<()> {
        let path = self.note_of(name, wanted);
        let partial = path.with_extension(format!("{}.partial", unique()));
        fs::write(&partial, serde_json::to_string_pretty(source)?)
            .and_then(|()| fs::rename(&partial, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn note_of(&self, name: &str, wanted: &Wanted) -> PathBuf {
        let folder = self.cache.root().join(DOWNLOADS);
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

/// Copies a file so that it is in its place whole or not at all.
fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    let partial = to.with_extension(format!("{}.partial", unique()));
    fs::copy(from, &partial)
        .and_then(|_| fs::rename(&partial, to))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::sha256;
    use crate::sources::Sources;
    use std::cell::RefCell;

    const FILE: &str = "thing_1.0.orig.tar";

    struct Place {
        _folder: tempfile::TempDir,
        cache: Cache,
        sources: PathBuf,
        wanted: Wanted,
        log: Log,
    }

    /// A cache, a folder with a tarball of one file, and the record of that.
    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let sources = root.join("sources");
        fs::create_dir_all(root.join("thing-1.0")).unwrap();
        fs::create_dir(&sources).unwrap();
        fs::write(root.join("thing-1.0/a.c"), "int a;\n").unwrap();
        let log = Log::create(&root.join("a.log")).unwrap();
        let mut tar = tool("tar");
        tar.arg("--create").arg("--file").arg(sources.join(FILE));
        log.run(tar.arg("thing-1.0").current_dir(root)).unwrap();
        let hash = sha256_file(&sources.join(FILE)).unwrap();
        let record = root.join("sources.toml");
        let text = format!(
            "schema = 1\n[thing]\npackage = \"thing\"\nkind = \"tarball\"\nseries = \"1\"\n\
             suites = []\nversion = \"1.0\"\npath = \"pool/t/{FILE}\"\nsha256 = \"{hash}\"\n"
        );
        fs::write(&record, text).unwrap();
        Place {
            cache: Cache::open(&root.join("cache")).unwrap(),
            wanted: Sources::load(&record)
                .unwrap()
                .get("thing")
                .unwrap()
                .clone(),
            _folder: folder,
            sources,
            log,
        }
    }

    impl Place {
        fn store(&self) -> Store<'_> {
            Store {
                cache: &self.cache,
                folder: Some(self.sources.clone()),
            }
        }

        /// Takes the file, and what was said.
        fn take(&self) -> Result<(bool, String)> {
            let said = RefCell::new(String::new());
            let recorded = self.wanted.recorded().unwrap();
            let taken = self
                .store()
                .take(&recorded, &|text| *said.borrow_mut() += &text)?;
            Ok((taken, said.into_inner()))
        }
    }

    #[test]
    fn a_file_of_the_folder_is_unpacked_and_nothing_asks_the_archive() {
        let place = place();
        let (store, wanted, log) = (place.store(), &place.wanted, &place.log);
        let silent = |text: String| panic!("{text}");
        let source = store.fetch("thing", wanted, log, &silent).unwrap();
        let tree = store.unpack("thing", wanted, &source, log).unwrap();
        assert_eq!(fs::read_to_string(tree.join("a.c")).unwrap(), "int a;\n");
        // From now on the cache has it.
        fs::remove_dir_all(&place.sources).unwrap();
        assert_eq!(store.fetch("thing", wanted, log, &silent).unwrap(), source);
    }

    #[test]
    fn a_file_of_that_name_with_another_content_is_named_with_both_hashes() {
        let place = place();
        assert_eq!(place.take().unwrap(), (true, String::new()));
        fs::write(place.sources.join(FILE), "other").unwrap();
        let (taken, said) = place.take().unwrap();
        let wanted = &place.wanted.sha256;
        assert!(!taken && said.contains(FILE), "{said}");
        assert!(
            said.contains(wanted) && said.contains(&sha256(b"other")),
            "{said}"
        );
        fs::remove_file(place.sources.join(FILE)).unwrap();
        assert_eq!(place.take().unwrap(), (false, String::new()));
        fs::remove_dir(&place.sources).unwrap();
        let error = place.take().unwrap_err().to_string();
        assert!(error.contains("TINYRUST_SOURCES"), "{error}");
    }

    #[test]
    fn what_is_recorded_is_put_into_a_folder_and_taken_from_there() {
        let mut place = place();
        let export = |place: &Place, folder: &Path| {
            fs::create_dir_all(folder).unwrap();
            let silent = |text: String| panic!("{text}");
            let store = place.store();
            store.export("thing", &place.wanted, folder, &place.log, &silent)
        };
        let copy = place.sources.with_file_name("copy");
        assert_eq!(export(&place, &copy).unwrap(), FILE);
        fs::write(copy.join(FILE), "damaged").unwrap();
        assert_eq!(export(&place, &copy).unwrap(), FILE);
        place.sources = copy;
        assert_eq!(place.take().unwrap(), (true, String::new()));
    }
}
