//! The cache of slow artefacts: whole entries only, each named by the hash of its inputs.
//!
//! It may be shared by checkouts, users and machines, also for reading alone, and lie on a network
//! file system: no entry knows where the cache is, each is moved to its place when it is whole, and
//! of two that were made at once the first stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::command::Log;
use crate::files::remove;
use crate::key::Key;
use crate::lock::{Lock, Mark};
use crate::made::Made;
use crate::scratch;

/// The folder `$TINYRUST_CACHE`. Several builds may use it at the same time.
pub struct Cache {
    root: PathBuf,
    /// Where the locks are.
    locks: PathBuf,
    /// Who sees those locks.
    system: String,
    /// What this program uses, so that nobody prunes it meanwhile.
    used: Mutex<Vec<Mark>>,
}

/// The rooms that a build of an entry gets.
pub struct Rooms<'a> {
    /// Becomes the entry. Its place will be another, so nothing in it may name it.
    pub out: &'a Path,
    /// Scratch space; removed afterwards, kept until the next run after a failure.
    pub work: &'a Path,
}

const LOG: &str = "build.log";
pub(crate) const INPUTS: &str = "inputs.txt";

/// The file whose time is that of an entry's last use.
pub(crate) const USED: &str = "used";

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
        fs::create_dir_all(root)
            .with_context(|| format!("cannot create the cache {}", root.display()))?;
        let cache = Self {
            root: root.to_owned(),
            locks: root.join("locks"),
            system: scratch::SYSTEM.clone(),
            used: Mutex::default(),
        };
        // Without them, on a cache that can only be read, everything may still be there.
        if let (Ok(tmp), Ok(locks)) = (cache.folder("tmp"), cache.folder("locks")) {
            scratch::sweep(&tmp, &locks);
        }
        Ok(cache)
    }

    /// The folder of the cache.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder in the cache, which whoever may write in the cache may write in as well.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.root.join(name);
        if folder.is_dir() {
            return Ok(folder);
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))
            .with_context(|| self.is_read())?;
        let mode = self.root.metadata()?.permissions().mode() & 0o7777;
        // Somebody else may have been first, and it is theirs.
        let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(mode));
        Ok(folder)
    }

    /// The folder of a key's entry, in which nobody writes any more; `build` makes it if it is not
    /// there.
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
    ) -> Result<Made<PathBuf>> {
        let digest = key.digest();
        // Sixteen digits are enough to tell entries apart and short enough for a path that
        // ends up in command lines.
        let short = &digest[..16];
        let home = self.root.join(kind).join(short);
        if self.has(&home) {
            replay(&home, log);
            return Ok(Made::found(home));
        }
        let name = format!("{kind}-{short}");
        let lock = self.lock(&name, log)?;
        // Another build may have made it while this one waited.
        if self.has(&home) {
            replay(&home, log);
            return Ok(Made::found(home));
        }
        let made = scratch::claim(&self.folder("tmp")?, &name, &lock, &self.system)?;
        let (out, work) = (made.join("out"), made.join("work"));
        for folder in [&out, &work] {
            fs::create_dir(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        build(&Rooms {
            out: &out,
            work: &work,
        })?;
        fs::write(out.join(INPUTS), key.describe())?;
        fs::copy(log.path(), out.join(LOG))?;
        self.folder(kind)?;
        let moved = fs::rename(&out, &home);
        // One that another machine made meanwhile is as good.
        if !self.has(&home) {
            moved.with_context(|| format!("cannot move the result to {}", home.display()))?;
        }
        remove(&made)?;
        Ok(Made::new(home))
    }

    /// Whether an entry is there; if so, it stays until this program ends.
    fn has(&self, home: &Path) -> bool {
        if !home.is_dir() {
            return false;
        }
        self.keep(Mark::make(&home.join(USED), &self.root));
        // Whoever was removing it has finished.
        home.is_dir()
    }

    /// The same for a file.
    pub(crate) fn has_file(&self, file: &Path) -> bool {
        if !file.is_file() {
            return false;
        }
        self.keep(Mark::set(file));
        file.is_file()
    }

    fn keep(&self, mark: Option<Mark>) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.extend(mark);
    }

    /// Marks the entry that a path leads into as used: what a link from outside names.
    pub fn uses_entry_of(&self, path: &Path) {
        let (Ok(path), Ok(root)) = (path.canonicalize(), self.root.canonicalize()) else {
            return;
        };
        let entry = path
            .ancestors()
            .find(|folder| folder.ancestors().nth(2) == Some(&root));
        if let Some(entry) = entry {
            self.has(entry);
        }
    }

    fn is_read(&self) -> String {
        format!(
            "the cache {} lacks this entry and is read-only; set TINYRUST_CACHE to a writable \
             folder",
            self.root.display()
        )
    }

    /// Waits until no other build has the lock of that name.
    pub fn lock(&self, name: &str, log: &Log) -> Result<Lock> {
        self.folder("locks")?;
        Lock::wait(&self.locks.join(name), log).with_context(|| self.is_read())
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
    use std::process::{Child, Command};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn log(folder: &Path) -> Log {
        Log::create(&folder.join("a.log")).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.collect()
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
        assert!(!made.cached);
        let found = cache
            .entry("thing", &key, &log, |_| unreachable!("it is cached"))
            .unwrap();
        assert!(found.cached && found.value == made.value);
        assert!(found.value.join("whole").exists());
        assert!(names(&cache.root().join("tmp")).is_empty());
    }

    #[test]
    fn what_an_interrupted_build_left_is_swept_out_but_not_what_may_be_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cache");
        let cache = Cache::open(&root).unwrap();
        let log = log(folder.path());
        let tmp = root.join("tmp");
        for name in ["dead-1", "live-2", "elsewhere-3"] {
            let lock = cache.lock(name, &log).unwrap();
            let system = match name {
                // Another machine, whose locks do not show here.
                "elsewhere-3" => "another system",
                _ => &cache.system,
            };
            scratch::claim(&tmp, name, &lock, system).unwrap();
        }
        let _held = cache.lock("live-2", &log).unwrap();
        Cache::open(&root).unwrap();
        let mut left = names(&tmp);
        left.sort();
        assert_eq!(left, ["elsewhere-3", "live-2"]);
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
                    assert!(entry.unwrap().value.join("whole").exists());
                });
            }
        });
        assert_eq!(built.load(Ordering::SeqCst), 1);
    }

    /// A maker of an entry, as a process of its own, which says in the folder that it began and
    /// finishes when it is told to.
    fn maker(folder: &Path, name: &str, system: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::tests::a_maker", "--ignored", "--quiet"])
            .env("MAKER_FOLDER", folder)
            .env("MAKER_NAME", name)
            .env("MAKER_SYSTEM", system)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait_for(file: &Path) {
        while !file.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    #[test]
    #[ignore = "the process of the tests below"]
    fn a_maker() {
        let variable = |name: &str| std::env::var(name).unwrap();
        let (folder, name) = (
            PathBuf::from(variable("MAKER_FOLDER")),
            variable("MAKER_NAME"),
        );
        let mut cache = Cache::open(&folder.join("cache")).unwrap();
        cache.system = variable("MAKER_SYSTEM");
        cache.locks = cache.folder(&format!("locks-{}", cache.system)).unwrap();
        let log = Log::create(&folder.join(format!("{name}.log"))).unwrap();
        let say = |what: &str| fs::write(folder.join(format!("{name}.{what}")), "").unwrap();
        say("started");
        let entry = cache.entry("thing", &Key::new("thing", 1), &log, |rooms| {
            fs::write(rooms.out.join("one"), &name)?;
            say("began");
            wait_for(&folder.join("go"));
            Ok(fs::write(rooms.out.join("two"), &name)?)
        });
        let path = entry.unwrap().value;
        let read = |file: &str| fs::read_to_string(path.join(file)).unwrap();
        assert_eq!(read("one"), read("two"), "an entry of two makers");
        say("finished");
    }

    #[test]
    fn of_two_processes_one_makes_an_entry_and_the_other_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let makers = ["a", "b"].map(|name| maker(root, name, "one"));
        wait_for(&root.join("a.started"));
        wait_for(&root.join("b.started"));
        fs::write(root.join("go"), "").unwrap();
        for mut maker in makers {
            assert!(maker.wait().unwrap().success());
        }
        let began = ["a.began", "b.began"].map(|file| root.join(file).exists());
        assert_eq!(began.iter().filter(|began| **began).count(), 1);
    }

    /// As on two machines that do not see each other's locks.
    #[test]
    fn two_processes_without_locks_both_make_it_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let makers = ["a", "b"].map(|name| maker(root, name, name));
        wait_for(&root.join("a.began"));
        wait_for(&root.join("b.began"));
        fs::write(root.join("go"), "").unwrap();
        for mut maker in makers {
            assert!(maker.wait().unwrap().success());
        }
        assert_eq!(names(&root.join("cache/thing")).len(), 1);
        assert!(names(&root.join("cache/tmp")).is_empty());
    }

    #[test]
    fn a_cache_that_can_only_be_read_gives_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let (root, log) = (folder.path().join("cache"), log(folder.path()));
        let key = Key::new("thing", 1);
        let cache = Cache::open(&root).unwrap();
        let make = |rooms: &Rooms| Ok(fs::write(rooms.out.join("whole"), "written")?);
        let home = cache.entry("thing", &key, &log, make).unwrap().value;
        fs::remove_file(home.join(USED)).unwrap();
        for name in ["tmp", "locks"] {
            // No permission keeps root out; a file in a folder's place does.
            fs::remove_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name), "").unwrap();
        }
        let cache = Cache::open(&root).unwrap();
        assert!(cache.entry("thing", &key, &log, make).unwrap().cached);
        let missing = cache.entry("thing", &Key::new("thing", 2), &log, make);
        let error = format!("{:#}", missing.err().unwrap());
        assert!(error.contains("TINYRUST_CACHE"), "{error}");
    }

    #[test]
    fn an_entry_is_named_by_the_links_that_lead_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let (root, log) = (folder.path().join("cache"), log(folder.path()));
        let cache = Cache::open(&root).unwrap();
        let make = |rooms: &Rooms| Ok(fs::create_dir_all(rooms.out.join("tree/src"))?);
        let home = cache.entry("thing", &Key::new("thing", 1), &log, make);
        let home = home.unwrap().value;
        fs::remove_file(home.join(USED)).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(home.join("tree/src"), &link).unwrap();
        cache.uses_entry_of(folder.path());
        assert!(!home.join(USED).exists());
        cache.uses_entry_of(&link);
        assert!(home.join(USED).exists());
    }
}
