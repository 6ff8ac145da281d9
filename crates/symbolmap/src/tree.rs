//! Paths of object files, as a map has them.

use crate::piece::Owner;

/// Where the sources are: what paths are shortened by.
pub struct Tree {
    prefix: String,
}

impl Tree {
    /// The folder that all absolute paths of object files have in common, but for those of the
    /// compiler and the C library.
    pub fn of(text: &str) -> Self {
        let mut prefix: Option<&str> = None;
        for path in text.lines().filter_map(|line| line.strip_prefix("LOAD ")) {
            let Some(line) = path.strip_prefix('/') else {
                continue;
            };
            if is_system(path) || line.ends_with(".a") {
                continue;
            }
            let folder = line.rsplit_once('/').map_or("", |(folder, _)| folder);
            prefix = Some(match prefix {
                None => folder,
                Some(known) => common(known, folder),
            });
        }
        Tree {
            prefix: match prefix {
                Some(prefix) if !prefix.is_empty() => format!("/{prefix}/"),
                _ => "/".to_owned(),
            },
        }
    }

    /// Whose bytes an object file's are, from its path in the map.
    pub fn owner(&self, path: &str) -> Owner {
        let (archive, member) = match path
            .strip_suffix(')')
            .and_then(|rest| rest.rsplit_once('('))
        {
            Some((archive, member)) => (Some(archive), member),
            None => (None, path),
        };
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        match archive {
            // A thin archive's member has its whole path.
            Some(archive) if is_kbuild(&last(archive)) && member.contains('/') => {
                Owner::Object(self.shorten(member))
            }
            Some(archive) if is_kbuild(&last(archive)) && !archive.starts_with('/') => {
                let folder = archive.rsplit_once('/').map_or("", |(folder, _)| folder);
                let path = format!("{folder}/{member}");
                Owner::Object(self.shorten(path.trim_start_matches('/')))
            }
            Some(archive) => Owner::Library(last(archive)),
            None if is_system(path) => Owner::Library(last(path)),
            None => Owner::Object(self.shorten(path)),
        }
    }

    fn shorten(&self, path: &str) -> String {
        let path = path.strip_prefix(&self.prefix).unwrap_or(path);
        let mut path = path.trim_start_matches("./");
        while let Some(rest) = path.strip_prefix("../") {
            path = rest;
        }
        path.trim_start_matches('/').to_owned()
    }
}

/// Kbuild collects the object files of a folder in archives of these names.
fn is_kbuild(archive: &str) -> bool {
    ["lib.a", "built-in.a", "built-in.o", "vmlinux.a"].contains(&archive)
}

/// A file of the compiler or the C library, by its name: the code around main().
fn is_system(path: &str) -> bool {
    const NAMES: &[&str] = &[
        "crt1.o", "crti.o", "crtn.o", "Scrt1.o", "rcrt1.o", "gcrt1.o",
    ];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let gcc = name.starts_with("crtbegin") || name.starts_with("crtend");
    (folder.is_empty() || path.starts_with('/')) && (gcc || NAMES.contains(&name))
}

/// The common folder of two folders.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let mut end = 0;
    for (a, b) in one.split('/').zip(other.split('/')) {
        if a != b {
            break;
        }
        end += a.len() + 1;
    }
    &one[..end.saturating_sub(1).min(one.len())]
}
