//! The cache of slow artefacts: whole entries only, each named by the hash of its inputs.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::Log;
use crate::files::remove;
use crate::key::Key;

/// The folder `$TINYRUST_CACHE`. Several builds may use it at the same time.
pub struct Cache {
    root: PathBuf,
}

/// A finished entry.
pub struct Entry {
    /// The folder; nobody writes in it any more.
    pub path: PathBuf,
    /// It was there already.
    pub hit: bool,
}

/// The rooms that a build of an entry gets.
pub struct Rooms<'a> {
    /// Becomes the entry.
    pub out: &'a Path,
    /// Scratch space; removed afterwards, kept until the next run after a failure.
    pub work: &'a Path,
    /// Where `out` will be: what a program with its own path in it has to know.
    pub home: &'a Path,
}

/// Held while something in the cache is made.
struct Lock {
    _file: File,
}

const LOG: &str = "build.log";
const INPUTS: &str = "inputs.txt";

impl Cache {
    /// Opens `$TINYRUST_CACHE`, by default `tinyrust` in the user's cache folder.
    pub fn from_environment() -> Result<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let root = set("TINYRUST_CACHE")
            .map(PathBuf::from)
            .or_else(|| set("XDG_CACHE_HOME").map(|home| Path::new(&home).join("tinyrust")))
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache/tinyrust")))
            .context("no folder for the cache: set HOME or TINYRUST_CACHE")?;
        Self::open(&std::path::absolute(root)?)
    }

    /// Opens a cache and sweeps out what interrupted builds left.
    pub fn open(root: &Path) -> Result<Self> {
        let cache = Self {
            root: root.to_owned(),
        };
        for folder in ["locks", "tmp"] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create the cache {}", folder.display()))?;
        }
        cache.sweep()?;
        Ok(cache)
    }

    /// The folder of the cache.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The entry of a key, made by `build` if it is not there.
    ///
    /// The build happens beside its place and is moved there when complete: an interruption
    /// never leaves half an entry. The step's log is kept in the entry and shown again on a
    /// hit.
    pub fn entry(
        &self,
        kind: &str,
        key: &Key,
        log: &Log,
        build: impl FnOnce(&Rooms) -> Result<()>,
    ) -> Result<Entry> {
        let digest = key.digest();
        // Sixteen digits are enough to tell entries apart and short enough for a path that
        // ends up in command lines.
        let short = &digest[..16];
        let home = self.root.join(kind).join(short);
        let hit = |hit| {
            Ok(Entry {
                path: home.clone(),
                hit,
            })
        };
        if home.is_dir() {
            replay(&home, log);
            return hit(true);
        }
        let name = format!("{kind}-{short}");
        let _lock = self.lock(&name, log)?;
        // Another build may have made it while this one waited.
        if home.is_dir() {
            replay(&home, log);
            return hit(true);
        }
        let tmp = self.root.join("tmp").join(&name);
        remove(&tmp)?;
        let (out, work) = (tmp.join("out"), tmp.join("work"));
        for folder in [&out, &work] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        build(&Rooms {
            out: &out,
            work: &work,
            home: &home,
        })?;
        fs::write(out.join(INPUTS), key.describe())?;
        fs::copy(log.path(), out.join(LOG))?;
        fs::create_dir_all(self.root.join(kind))?;
        fs::rename(&out, &home)
            .with_context(|| format!("cannot move the result to {}", home.display()))?;
        remove(&tmp)?;
        hit(false)
    }

    /// Runs `work` while no other process does anything under the same name.
    pub fn exclusively<T>(
        &self,
        name: &str,
        log: &Log,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let _lock = self.lock(name, log)?;
        work()
    }

    fn lock(&self, name: &str, log: &Log) -> Result<Lock> {
        let path = self.root.join("locks").join(name);
        let file =
            File::create(&path).with_context(|| format!("cannot lock {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                log.note(format!("waiting: another build is making {name}"));
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        Ok(Lock { _file: file })
    }

    /// Removes the scratch folders whose makers are gone.
    fn sweep(&self) -> Result<()> {
        for entry in fs::read_dir(self.root.join("tmp"))? {
            let entry = entry?;
            let lock = File::create(self.root.join("locks").join(entry.file_name()))?;
            if lock.try_lock().is_ok() {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Shows a cached step's log again: what was proved when it was built still holds.
fn replay(home: &Path, log: &Log) {
    log.note(format!("from the cache: {}", home.display()));
    if let Ok(text) = fs::read(home.join(LOG)) {
        log.note(String::from_utf8_lossy(&text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn log(folder: &Path) -> Log {
        Log::create(&folder.join("a.log")).unwrap()
    }

    #[test]
    fn a_failed_build_leaves_no_entry_and_the_next_one_starts_clean() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let log = log(folder.path());
        let key = Key::new("thing", 1);
        let failed = cache.entry("thing", &key, &log, |rooms| {
            fs::write(rooms.out.join("half"), "written")?;
            anyhow::bail!("out of luck")
        });
        assert_eq!(failed.err().unwrap().to_string(), "out of luck");
        assert!(!cache.root().join("thing").exists());

        let made = cache
            .entry("thing", &key, &log, |rooms| {
                assert!(!rooms.out.join("half").exists());
                Ok(fs::write(rooms.out.join("whole"), "written")?)
            })
            .unwrap();
        assert!(!made.hit);
        let found = cache
            .entry("thing", &key, &log, |_| unreachable!("it is cached"))
            .unwrap();
        assert!(found.hit && found.path == made.path);
        assert!(found.path.join("whole").exists());
        assert_eq!(fs::read_dir(cache.root().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn what_an_interrupted_build_left_is_swept_out_but_not_what_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cache");
        let cache = Cache::open(&root).unwrap();
        let log = log(folder.path());
        for name in ["dead-1", "live-2"] {
            fs::create_dir_all(root.join("tmp").join(name).join("work")).unwrap();
        }
        let _held = cache.lock("live-2", &log).unwrap();
        Cache::open(&root).unwrap();
        assert!(!root.join("tmp/dead-1").exists());
        assert!(root.join("tmp/live-2").exists());
    }

    #[test]
    fn builds_side_by_side_make_an_entry_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let built = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (cache, built, folder) = (&cache, &built, folder.path());
                scope.spawn(move || {
                    let log = Log::create(&folder.join(format!("{number}.log"))).unwrap();
                    let key = Key::new("thing", 1);
                    let entry = cache.entry("thing", &key, &log, |rooms| {
                        built.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        Ok(fs::write(rooms.out.join("whole"), "written")?)
                    });
                    assert!(entry.unwrap().path.join("whole").exists());
                });
            }
        });
        assert_eq!(built.load(Ordering::SeqCst), 1);
    }
}
