//! The kernel: a base configuration, the fragments, one image.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::context::{Context, Tree, prefix_maps};
use buildkit::command::{Log, SOURCE_DATE_EPOCH};
use buildkit::files::copy;
use buildkit::key::Key;
use imagekit::kconfig::{self, Fragment};

/// What tinyconfig itself lays over allnoconfig (the kernel's scripts/kconfig/Makefile).
const TINY: &[&str] = &[
    "kernel/configs/tiny-base.config",
    "kernel/configs/tiny.config",
];

/// Builds the kernel, unless it is in the cache: the image's path, and whether it was cached.
pub fn build(context: &Context, linux: &Tree, log: &Log) -> Result<(PathBuf, bool)> {
    let facts = context.board.require(&context.board.linux, "linux")?;
    let fragments = context.fragments("linux.config")?;
    let cc = context.cc()?;
    let key = Key::new("kernel", 1)
        .field("linux", &linux.identity)
        .field("arch", &facts.arch)
        .field("base", &facts.base)
        .field("image", &facts.image)
        .field("fragments", kconfig::join(&fragments))
        .field("prefix", &cc.prefix)
        .field("cc", context.cc_version()?);
    let entry = context.cache.entry("kernel", &key, log, |rooms| {
        let make = || {
            let mut make = context.make(&linux.path, rooms.work);
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
        configure(&facts.base, &linux.path, rooms.work, &fragments, log, &make)?;
        kconfig::check(&fragments, &rooms.work.join(".config"))?;
        log.run(make().arg(&facts.image))?;
        let built = image(rooms.work, &facts.arch, &facts.image)?;
        copy(&built, &rooms.out.join(&facts.image), 0o644)?;
        for (from, to) in [(".config", "config"), ("System.map", "System.map")] {
            copy(&rooms.work.join(from), &rooms.out.join(to), 0o644)?;
        }
        Ok(())
    })?;
    Ok((entry.path.join(&facts.image), entry.hit))
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
            format!("[linux] image = {name:?}: neither in arch/{arch}/boot nor at the top of the build folder")
        })
}

/// The folder of an architecture in arch/: x86's two names share one.
fn boot_folder(arch: &str) -> &str {
    match arch {
        "x86_64" | "i386" => "x86",
        other => other,
    }
}
