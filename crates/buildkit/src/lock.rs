//! Locks on files, which tell builds that run side by side of one another.
//!
//! A lock saves work; nothing relies on it for being right, because some network file systems
//! have none, and others have one that other machines do not see.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock, futimens};
use rustix::io::{Errno, retry_on_intr};

use crate::command::Log;

/// A lock, held until it is dropped.
pub struct Lock {
    /// None where the file system has no locks.
    file: Option<File>,
}

impl Lock {
    /// Waits until nobody else has the lock, and says so in the log.
    pub fn wait(path: &Path, log: &Log) -> Result<Self> {
        let cannot = || format!("cannot lock {}", path.display());
        if let Some(lock) = Self::attempt(path)? {
            return Ok(lock);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        log.note(format!("waiting: another build is making {name}"));
        let file = open(path, path.parent()).with_context(cannot)?;
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive)).with_context(cannot)?;
        Ok(Self { file: Some(file) })
    }

    /// The lock, unless somebody has it.
    pub fn attempt(path: &Path) -> Result<Option<Self>> {
        let file = open(path, path.parent());
        exclusive(
            file.with_context(|| format!("cannot lock {}", path.display()))?,
            path,
        )
    }

    /// Whether the file system has locks.
    pub fn is_real(&self) -> bool {
        self.file.is_some()
    }
}

/// Runs `work` while nobody else has the lock.
pub fn exclusively<T>(path: &Path, log: &Log, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let _lock = Lock::wait(path, log)?;
    work()
}

/// A mark of use: its time says when something was used last, and while it is held nobody
/// removes that thing. Both are for who prunes; a cache that can only be read works without.
pub(crate) struct Mark {
    _file: File,
}

impl Mark {
    /// Marks with a file that is made where it is missing, with the permissions of `like`; none
    /// where it can neither be made nor read.
    pub(crate) fn make(path: &Path, like: &Path) -> Option<Self> {
        Self::held(open(path, Some(like)).ok()?)
    }

    /// Marks a file that is what is used.
    pub(crate) fn set(path: &Path) -> Option<Self> {
        Self::held(File::open(path).ok()?)
    }

    /// A lock that is had while nobody has the mark.
    pub(crate) fn alone(path: &Path) -> Result<Option<Lock>> {
        exclusive(open(path, path.parent())?, path)
    }

    fn held(file: File) -> Option<Self> {
        // Waits only for who is just removing it. Without locks the time has to do.
        let _ = retry_on_intr(|| flock(&file, FlockOperation::LockShared));
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        // It stays as it is on a cache that can only be read.
        let _ = futimens(&file, &times);
        Some(Self { _file: file })
    }
}

/// Opens a lock's file. It may belong to somebody else who shares the folder: reading is enough
/// then. A new one gets the permissions of `like`.
fn open(path: &Path, like: Option<&Path>) -> io::Result<File> {
    if let Ok(file) = OpenOptions::new().write(true).open(path) {
        return Ok(file);
    }
    if let Ok(file) = File::open(path) {
        return Ok(file);
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    if let Some(data) = like.and_then(|like| like.metadata().ok()) {
        let mode = data.permissions().mode() & 0o666;
        // It is another's where two were at it.
        let _ = file.set_permissions(Permissions::from_mode(mode));
    }
    Ok(file)
}

fn exclusive(file: File, path: &Path) -> Result<Option<Lock>> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock { file: Some(file) })),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(errno) if unsupported(errno) => Ok(Some(Lock { file: None })),
        Err(errno) => Err(errno).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// What a file system says that has no locks.
fn unsupported(errno: Errno) -> bool {
    [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL].contains(&errno)
}
