//! The folders in which entries of a cache are made.
//!
//! A folder's maker is known by the lock of its entry, but only to those on the same running
//! system: where the cache lies on a network, another machine's locks may not show.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::files::remove;
use crate::lock::Lock;

/// The file that says which running system a folder belongs to.
const OWNER: &str = "owner";

/// After this long nobody is at work any more.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);

/// This running system: all its containers see the same locks, and after a boot nobody holds one.
pub(crate) static SYSTEM: LazyLock<String> = LazyLock::new(|| {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let id = id.or_else(|_| fs::read_to_string("/proc/sys/kernel/hostname"));
    id.unwrap_or_default().trim().to_owned()
});

/// A folder of its own for the maker of an entry. It has the entry's name, so that a build that is
/// repeated has the same paths, unless somebody else may be at work in that one.
pub(crate) fn claim(tmp: &Path, name: &str, lock: &Lock, system: &str) -> Result<PathBuf> {
    let plain = tmp.join(name);
    let folder = match fs::create_dir(&plain) {
        Ok(()) => plain,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let folder = match lock.is_real() && is_of(system, &plain) {
                true => plain,
                false => tmp.join(format!("{name}.{}", unique())),
            };
            remove(&folder)?;
            fs::create_dir(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            folder
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot create {}", plain.display()));
        }
    };
    fs::write(folder.join(OWNER), system)?;
    Ok(folder)
}

/// A name that no other process, here or on another machine, gives.
pub(crate) fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let system = SYSTEM.split('-').next().unwrap_or_default();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{system}-{}-{next}", std::process::id())
}

/// Removes the folders whose makers are gone. What cannot be removed is left to others.
pub(crate) fn sweep(tmp: &Path, locks: &Path) {
    let Ok(entries) = fs::read_dir(tmp) else {
        return;
    };
    for entry in entries.flatten() {
        let folder = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let entry_name = name.split('.').next().unwrap_or_default();
        let old = folder
            .metadata()
            .and_then(|data| data.modified())
            .is_ok_and(|time| age(time) > ABANDONED);
        let free = || Lock::attempt(&locks.join(entry_name)).ok().flatten();
        let _lock = match free() {
            Some(lock) if old || (lock.is_real() && is_of(&SYSTEM, &folder)) => lock,
            _ => continue,
        };
        let _ = remove(&folder);
    }
}

/// How long ago a time was.
pub(crate) fn age(time: SystemTime) -> Duration {
    SystemTime::now().duration_since(time).unwrap_or_default()
}

fn is_of(system: &str, folder: &Path) -> bool {
    fs::read_to_string(folder.join(OWNER)).is_ok_and(|owner| owner == system)
}
