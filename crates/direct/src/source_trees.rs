//! The sources of a board's image, unpacked and patched.

use std::path::PathBuf;

use anyhow::Result;
use buildkit::command::Log;
use buildkit::files::sorted;
use buildkit::key::sha256_file;
use buildkit::sources::{Source, Sources};
use buildkit::store::Store;

use crate::context::Context;

/// A source, unpacked and patched.
pub struct Tree {
    /// What it is.
    pub source: Source,
    /// Where it is; nobody writes there.
    pub path: PathBuf,
    /// What names it in the keys of what is made of it: archive and patches.
    pub identity: String,
}

/// What the C library and its compiler are made of.
pub struct LibcTrees {
    /// The library.
    pub musl: Tree,
    /// The kernel, whose interface it offers.
    pub linux: Tree,
}

/// What the whole image is made of.
pub struct SourceTrees {
    /// The kernel and the C library.
    pub libc: LibcTrees,
    /// The system's commands.
    pub busybox: Tree,
    /// The boot loader.
    pub u_boot: Tree,
}

impl Tree {
    /// Fetches and unpacks a source, and applies boards/common/`name`-patches/*.patch and the
    /// board's.
    pub fn fetch(context: &Context, name: &str, log: &Log, note: &dyn Fn(String)) -> Result<Self> {
        let sources = Sources::load(&context.repo.path("boards/common/sources.toml"))?;
        let wanted = sources.get(name)?;
        let store = Store::new(&context.cache);
        let source = store.fetch(name, wanted, log, note)?;
        let mut patches = Vec::new();
        for folder in context.overlays(&format!("{name}-patches")) {
            patches.extend(sorted(&folder)?);
        }
        patches.retain(|path| path.extension().is_some_and(|end| end == "patch"));
        let path = store.unpack_patched(name, wanted, &source, &patches, log)?;
        let mut identity = source.sha256.clone();
        for patch in &patches {
            identity = format!("{identity} {}", sha256_file(patch)?);
        }
        Ok(Self {
            source,
            path,
            identity,
        })
    }
}

impl LibcTrees {
    /// Fetches both.
    pub fn fetch(context: &Context, log: &Log, note: &dyn Fn(String)) -> Result<Self> {
        Ok(Self {
            linux: Tree::fetch(context, "linux", log, note)?,
            musl: Tree::fetch(context, "musl", log, note)?,
        })
    }
}

impl SourceTrees {
    /// Fetches all.
    pub fn fetch(context: &Context, log: &Log, note: &dyn Fn(String)) -> Result<Self> {
        Ok(Self {
            libc: LibcTrees::fetch(context, log, note)?,
            busybox: Tree::fetch(context, "busybox", log, note)?,
            u_boot: Tree::fetch(context, "u-boot", log, note)?,
        })
    }

    /// Each with the name it has in sources.toml.
    pub fn all(&self) -> Vec<(&'static str, &Tree)> {
        vec![
            ("busybox", &self.busybox),
            ("linux", &self.libc.linux),
            ("musl", &self.libc.musl),
            ("u-boot", &self.u_boot),
        ]
    }
}
