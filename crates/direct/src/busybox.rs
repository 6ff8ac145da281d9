//! The system's commands and its init: one static program and the names it goes by.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::compiler::{make, prefix_maps};
use crate::context::Context;
use crate::source_trees::Tree;
use crate::symbols;
use crate::toolchain::Toolchain;
use buildkit::command::{Log, tool};
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;
use imagekit::kconfig::{self, Fragment};

/// For size: nothing that the linker could not drop, and no tables for exceptions.
const CFLAGS: &str = "-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
                      -fno-unwind-tables -fno-stack-protector -fno-pie";
const LDFLAGS: &str = "-no-pie -Wl,--gc-sections -Wl,--build-id=none";

/// A finished busybox.
pub struct Busybox {
    path: PathBuf,
}

impl Busybox {
    /// The program.
    pub fn program(&self) -> PathBuf {
        self.path.join("busybox")
    }

    /// The absolute paths by which it is called, one in a line.
    pub fn links(&self) -> PathBuf {
        self.path.join("busybox.links")
    }

    /// Puts its symbols into the image folder.
    pub fn put_symbols(&self, images: &Path) -> Result<()> {
        symbols::put(&self.path, "busybox", images)
    }
}

/// Builds busybox, unless it is in the cache.
pub fn build(
    context: &Context,
    toolchain: &Toolchain,
    source: &Tree,
    log: &Log,
) -> Result<Made<Busybox>> {
    build_linked(context, toolchain, source, None, log)
}

/// The same with the shared C library in a folder, if one is given: what the ladder compares.
pub fn build_linked(
    context: &Context,
    toolchain: &Toolchain,
    source: &Tree,
    shared: Option<&Path>,
    log: &Log,
) -> Result<Made<Busybox>> {
    let mut fragments = context.fragments("busybox.config")?;
    let link = match shared {
        None => format!("-static {LDFLAGS}"),
        Some(folder) => {
            let dynamic =
                |fragment: Fragment| fragment.with("CONFIG_STATIC=y", "# CONFIG_STATIC is not set");
            fragments = fragments.into_iter().map(dynamic).collect();
            format!("-L{} {LDFLAGS}", folder.display())
        }
    };
    let arch = &context.board.require(&context.board.linux, "linux")?.arch;
    let key = Key::new("busybox", 2)
        .field("busybox", &source.identity)
        .field("toolchain", toolchain.identity())
        .field("arch", arch)
        .field("fragments", kconfig::join(&fragments))
        .field("flags", format!("{CFLAGS} {link}"))
        .called(context.cache.root(), "$CACHE");
    let entry = context.cache.entry("busybox", &key, log, |rooms| {
        let maps = prefix_maps(&[rooms.work, &source.path]);
        let call = || {
            let mut make = make(context.jobs, &source.path, rooms.work);
            make.arg(format!("ARCH={arch}"))
                .arg(format!("CROSS_COMPILE={}", toolchain.cross_compile()))
                .arg("HOSTCC=gcc")
                .arg(format!("EXTRA_CFLAGS={CFLAGS} {maps}"))
                .arg(format!("EXTRA_LDFLAGS={link}"));
            make
        };
        log.run(call().arg("allnoconfig"))?;
        let config = rooms.work.join(".config");
        let merged = kconfig::merge(&fs::read_to_string(&config)?, &kconfig::join(&fragments));
        fs::write(&config, merged)?;
        // Its kconfig is old: it has no olddefconfig, and asks for what it has no value of.
        // Empty answers take the defaults.
        log.run(
            tool("sh")
                .args(["-c", "yes '' | \"$@\"", "sh"])
                .arg(call().get_program())
                .args(call().get_args())
                .arg("oldconfig")
                .env("KCONFIG_NOTIMESTAMP", "1"),
        )?;
        kconfig::check(&fragments, &config)?;
        log.run(call().args(["busybox", "busybox.links"]))?;
        for (name, mode) in [("busybox", 0o755), ("busybox.links", 0o644)] {
            copy(&rooms.work.join(name), &rooms.out.join(name), mode)?;
        }
        let elf = rooms.work.join("busybox_unstripped");
        imagekit::symbols::write("busybox", &elf, rooms.out, &toolchain.objcopy())?;
        copy(&config, &rooms.out.join("config"), 0o644)
    })?;
    Ok(entry.map(|path| Busybox { path }))
}
