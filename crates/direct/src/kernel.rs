//! The kernel: a base configuration, the fragments, one image.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::compiler::{Compiler, make, prefix_maps};
use crate::context::Context;
use crate::source_trees::Tree;
use crate::symbols;
use buildkit::command::{Log, SOURCE_DATE_EPOCH};
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;
use imagekit::kconfig::{self, Fragment};

/// What tinyconfig itself lays over allnoconfig (the kernel's scripts/kconfig/Makefile).
const TINY: &[&str] = &[
    "kernel/configs/tiny-base.config",
    "kernel/configs/tiny.config",
];

/// A finished kernel.
pub struct Kernel {
    image: PathBuf,
    path: PathBuf,
}

impl Kernel {
    /// Puts the image into the image folder, under the name that it has in the kernel's build, and
    /// its symbols.
    pub fn put(&self, images: &Path) -> Result<()> {
        let name = self.image.file_name().unwrap_or_default();
        copy(&self.image, &images.join(name), 0o644)?;
        symbols::put(&self.path, "vmlinux", images)
    }
}

/// Builds the kernel, unless it is in the cache. It fails where a fragment's line did not land.
pub fn build(context: &Context, cc: &Compiler, linux: &Tree, log: &Log) -> Result<Made<Kernel>> {
    let facts = context.board.require(&context.board.linux, "linux")?;
    let fragments = context.fragments("linux.config")?;
    let key = Key::new("kernel", 2)
        .field("linux", &linux.identity)
        .field("arch", &facts.arch)
        .field("base", &facts.base)
        .field("image", &facts.image)
        .field("fragments", kconfig::join(&fragments))
        .field("prefix", &cc.prefix)
        .field("cc", &cc.version);
    let entry = context.cache.entry("kernel", &key, log, |rooms| {
        let call = || {
            let mut make = make(context.jobs, &linux.path, rooms.work);
            make.arg(format!("ARCH={}", facts.arch))
                .arg(format!("CROSS_COMPILE={}", cc.prefix))
                .arg(format!(
                    "KCFLAGS={}",
                    prefix_maps(&[rooms.work, &linux.path])
                ))
                .env("KBUILD_BUILD_USER", "tinyrust")
                .env("KBUILD_BUILD_HOST", "tinyrust")
                .env("KBUILD_BUILD_VERSION", "1")
                .env("KBUILD_BUILD_TIMESTAMP", format!("@{SOURCE_DATE_EPOCH}"));
            make
        };
        configure(&facts.base, &linux.path, rooms.work, &fragments, log, &call)?;
        kconfig::check(&fragments, &rooms.work.join(".config"))?;
        log.run(call().arg(&facts.image))?;
        let built = image(rooms.work, &facts.arch, &facts.image)?;
        copy(&built, &rooms.out.join(&facts.image), 0o644)?;
        let (elf, objcopy) = (rooms.work.join("vmlinux"), cc.program("objcopy"));
        imagekit::symbols::write("vmlinux", &elf, rooms.out, objcopy.as_ref())?;
        for (from, to) in [(".config", "config"), ("System.map", "System.map")] {
            copy(&rooms.work.join(from), &rooms.out.join(to), 0o644)?;
        }
        Ok(())
    })?;
    Ok(entry.map(|folder| Kernel {
        image: folder.join(&facts.image),
        path: folder,
    }))
}

/// Fragments are what is switched on, so everything else is to stay off: on allnoconfig, not
/// laid over a finished .config, where each option that becomes visible brings its `default y`
/// (the virtual terminal, sixty network vendors) along.
fn configure(
    base: &str,
    source: &Path,
    build: &Path,
    fragments: &[Fragment],
    log: &Log,
    make: &dyn Fn() -> std::process::Command,
) -> Result<()> {
    if base == "tinyconfig" {
        let mut all = String::new();
        for name in TINY {
            let path = source.join(name);
            all += &fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
        }
        all += &kconfig::join(fragments);
        let file = build.join("all.config");
        fs::write(&file, all)?;
        return log.run(make().env("KCONFIG_ALLCONFIG", &file).arg("allnoconfig"));
    }
    log.run(make().arg(base))?;
    let config = build.join(".config");
    let text = fs::read_to_string(&config)? + &kconfig::join(fragments);
    fs::write(&config, text)?;
    log.run(make().arg("olddefconfig"))
}

/// Where the build leaves an image: most in the architecture's boot folder, `vmlinux` and MIPS'
/// `vmlinuz` at the top.
fn image(build: &Path, arch: &str, name: &str) -> Result<PathBuf> {
    let folder = build.join("arch").join(boot_folder(arch)).join("boot");
    [folder.join(name), build.join(name)]
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "[linux] image = {name:?}: found neither in arch/{arch}/boot nor at the top of \
                 the build folder"
            )
        })
}

/// The folder of an architecture in arch/: x86's two names share one.
fn boot_folder(arch: &str) -> &str {
    match arch {
        "x86_64" | "i386" => "x86",
        other => other,
    }
}
