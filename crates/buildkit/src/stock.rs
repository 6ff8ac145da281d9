//! What a cache holds, and removing what was not used for long.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::cache::{Cache, INPUTS, USED};
use crate::files::{remove, sorted};
use crate::lock::Mark;
use crate::scratch::{age, unique};

/// The folder of fetched files.
pub(crate) const DOWNLOADS: &str = "downloads";

/// Where a file system has no locks, what was used within this time may still be in use.
const IN_USE: Duration = Duration::from_secs(24 * 3600);

/// What a cache holds.
#[derive(Debug)]
pub struct Stock {
    /// Everything that is used on its own, what was used last at the end.
    pub items: Vec<Item>,
    /// The bytes of everything else: what is being made, indexes of archives.
    pub other: u64,
}

/// An entry or a fetched file.
#[derive(Debug)]
pub struct Item {
    /// The step that made it; `downloads` for files.
    pub kind: String,
    /// Its name in that folder.
    pub name: String,
    /// What it takes on the disk.
    pub bytes: u64,
    /// When a build used it last.
    pub used: SystemTime,
    path: PathBuf,
}

/// What is to stay in a cache.
#[derive(Debug, Clone, Copy)]
pub enum Keep {
    /// What was used within this time.
    UsedWithin(Duration),
    /// What was used last, up to so many bytes.
    Below(u64),
}

impl Stock {
    /// Looks through a cache.
    pub fn of(cache: &Cache) -> Result<Self> {
        let mut items = Vec::new();
        let mut all = 0;
        for folder in sorted(cache.root())? {
            all += bytes(&folder);
            let kind = file_name(&folder);
            let content = match folder.is_dir() {
                true => sorted(&folder)?,
                false => continue,
            };
            items.extend(content.into_iter().filter_map(|path| item(&kind, path)));
        }
        items.sort_by_key(|item| item.used);
        let known = items.iter().map(|item| item.bytes).sum::<u64>();
        Ok(Self {
            items,
            other: all.saturating_sub(known),
        })
    }

    /// What is too much, what was used first in front.
    pub fn surplus(&self, keep: Keep) -> &[Item] {
        let sizes = self.items.iter().map(|item| item.bytes);
        let mut left = self.other + sizes.sum::<u64>();
        let end = self.items.iter().position(|item| {
            let stays = match keep {
                Keep::UsedWithin(time) => age(item.used) <= time,
                Keep::Below(bytes) => left <= bytes,
            };
            left -= item.bytes;
            stays
        });
        &self.items[..end.unwrap_or(self.items.len())]
    }
}

impl Item {
    /// Removes it, unless a build uses it; whether it was removed.
    pub fn remove(&self, cache: &Cache) -> Result<bool> {
        let cannot = || format!("cannot remove {}", self.path.display());
        let is_entry = self.path.is_dir();
        let mark = if is_entry {
            self.path.join(USED)
        } else {
            self.path.clone()
        };
        // Nobody begins to use it until this is dropped.
        let _alone = match Mark::alone(&mark).with_context(cannot)? {
            Some(alone) if alone.is_real() || age(self.used) > IN_USE => alone,
            _ => return Ok(false),
        };
        if !is_entry {
            remove(&self.path)?;
            return Ok(true);
        }
        // Gone in one moment, so that nobody finds half of it.
        let aside = cache.folder("tmp")?.join(format!("pruned.{}", unique()));
        fs::rename(&self.path, &aside).with_context(cannot)?;
        remove(&aside)?;
        Ok(true)
    }
}

fn item(kind: &str, path: PathBuf) -> Option<Item> {
    let marks: &[&str] = match kind {
        DOWNLOADS if path.is_file() && path.extension().is_none_or(|end| end != "json") => &[""],
        _ if path.join(INPUTS).is_file() => &[USED, INPUTS],
        _ => return None,
    };
    let time = |name: &&str| {
        let file = match *name {
            "" => path.clone(),
            name => path.join(name),
        };
        file.metadata().and_then(|data| data.modified()).ok()
    };
    Some(Item {
        kind: kind.to_owned(),
        name: file_name(&path),
        bytes: bytes(&path),
        used: marks.iter().find_map(time)?,
        path,
    })
}

/// What a file or a folder takes on the disk. What vanishes meanwhile takes nothing.
fn bytes(path: &Path) -> u64 {
    let entries = walkdir::WalkDir::new(path).into_iter().flatten();
    let blocks = entries.filter_map(|entry| Some(entry.metadata().ok()?.blocks()));
    // stat(2): in units of 512 bytes, whatever the file system's own.
    blocks.sum::<u64>() * 512
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Log;
    use crate::key::Key;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A cache with an entry for each number of days since its use, of about 100 KiB each.
    fn cache(folder: &Path, days: &[u32]) -> Cache {
        let root = folder.join("cache");
        let log = Log::create(&folder.join("a.log")).unwrap();
        for day in days {
            // A cache of its own, so that nothing stays in use.
            let cache = Cache::open(&root).unwrap();
            let key = Key::new("thing", *day);
            let entry = cache.entry("thing", &key, &log, |rooms| {
                Ok(fs::write(rooms.out.join("data"), vec![1; 100 << 10])?)
            });
            let used = fs::File::options()
                .write(true)
                .open(entry.unwrap().value.join(USED))
                .unwrap();
            used.set_modified(SystemTime::now() - DAY * *day).unwrap();
        }
        Cache::open(&root).unwrap()
    }

    fn ages(items: &[Item]) -> Vec<u64> {
        let days = items.iter().map(|item| age(item.used).as_secs() / 86400);
        days.collect()
    }

    #[test]
    fn what_was_not_used_for_long_is_too_much_and_so_is_what_exceeds_the_size() {
        let folder = tempfile::tempdir().unwrap();
        let stock = Stock::of(&cache(folder.path(), &[1, 40, 9])).unwrap();
        assert_eq!(ages(&stock.items), [40, 9, 1]);
        assert!(stock.items.iter().all(|item| item.bytes >= 100 << 10));
        assert_eq!(ages(stock.surplus(Keep::UsedWithin(DAY * 30))), [40]);
        assert!(stock.surplus(Keep::UsedWithin(DAY * 50)).is_empty());
        let all = stock.other + stock.items.iter().map(|item| item.bytes).sum::<u64>();
        assert!(stock.surplus(Keep::Below(all)).is_empty());
        assert_eq!(ages(stock.surplus(Keep::Below(all - 1))), [40]);
        assert_eq!(ages(stock.surplus(Keep::Below(0))), [40, 9, 1]);
    }

    #[test]
    fn a_use_makes_an_entry_new_and_keeps_it_until_the_program_ends() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), &[40, 41]);
        let log = Log::create(&folder.path().join("b.log")).unwrap();
        let user = Cache::open(cache.root()).unwrap();
        let key = Key::new("thing", 40);
        let used = user.entry("thing", &key, &log, |_| unreachable!("it is cached"));
        assert!(used.unwrap().cached);
        let stock = Stock::of(&cache).unwrap();
        assert_eq!(ages(&stock.items), [41, 0]);
        let removed = stock.items.iter().map(|item| item.remove(&cache).unwrap());
        assert_eq!(removed.collect::<Vec<_>>(), [true, false]);
        drop(user);
        let stock = Stock::of(&cache).unwrap();
        assert_eq!(stock.items.len(), 1);
        assert!(stock.items[0].remove(&cache).unwrap());
        assert!(Stock::of(&cache).unwrap().items.is_empty());
        assert_eq!(fs::read_dir(cache.root().join("tmp")).unwrap().count(), 0);
    }
}
