//! The boot loader, its default environment, and the mkimage that comes with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flashfit::layout::{Format, render};

use crate::compiler::{Compiler, make, prefix_maps};
use crate::context::Context;
use crate::source_trees::Tree;
use crate::symbols;
use buildkit::command::Log;
use buildkit::files::copy;
use buildkit::key::{Key, sha256};
use buildkit::made::Made;
use imagekit::kconfig::Fragment;
use imagekit::{environment, kconfig};

/// U-Boot and its first stage, where a board has one: the name in the image folder, and the program
/// in the build folder.
const PROGRAMS: &[(&str, &str)] = &[("u-boot", "u-boot"), ("u-boot-spl", "spl/u-boot-spl")];

/// A finished boot loader.
pub struct UBoot {
    path: PathBuf,
}

impl UBoot {
    /// The program that makes FIT images.
    pub fn mkimage(&self) -> PathBuf {
        self.path.join("mkimage")
    }

    /// A file of the boot partition, by its name in the image folder.
    pub fn file(&self, name: &Path) -> PathBuf {
        self.path.join(name)
    }

    /// Puts its symbols into the image folder.
    pub fn put_symbols(&self, images: &Path) -> Result<()> {
        for (name, _) in PROGRAMS {
            symbols::put(&self.path, name, images)?;
        }
        Ok(())
    }
}

/// Builds U-Boot, unless it is in the cache. It fails where a fragment's line did not land.
pub fn build(context: &Context, cc: &Compiler, source: &Tree, log: &Log) -> Result<Made<UBoot>> {
    let facts = context.board.require(&context.board.u_boot, "u-boot")?;
    let mut fragments = context.fragments("u-boot.config")?;
    fragments.push(map(context)?);
    let environment = environment::compose(&context.board, &context.overlays("u-boot.env"))?;
    let mut key = Key::new("u-boot", 2)
        .field("u-boot", &source.identity)
        .field("defconfig", &facts.defconfig)
        .field("fragments", kconfig::join(&fragments))
        .field("environment", &environment)
        .field("prefix", &cc.prefix)
        .field("cc", &cc.version);
    for (variable, file) in &facts.firmware {
        let content = fs::read(file).with_context(|| {
            format!(
                "[u-boot] firmware: {variable} = {}: cannot be read; add the package that \
                 contains it to [u-boot] packages",
                file.display()
            )
        })?;
        key = key.field(variable, sha256(&content));
    }
    for file in &facts.files {
        key = key.field(&file.file.to_string_lossy(), file.built.to_string_lossy());
    }
    let entry = context.cache.entry("u-boot", &key, log, |rooms| {
        let call = || {
            let mut make = make(context.jobs, &source.path, rooms.work);
            make.arg(format!("CROSS_COMPILE={}", cc.prefix))
                .arg(format!(
                    "KCFLAGS={}",
                    prefix_maps(&[rooms.work, &source.path])
                ))
                .envs(&facts.firmware);
            make
        };
        let default = rooms.work.join("default.env");
        fs::write(&default, &environment)?;
        log.run(call().arg(&facts.defconfig))?;
        let config = rooms.work.join(".config");
        let text = format!(
            "{}{}CONFIG_DEFAULT_ENV_FILE=\"{}\"\n",
            fs::read_to_string(&config)?,
            kconfig::join(&fragments),
            default.display()
        );
        fs::write(&config, text)?;
        log.run(call().arg("olddefconfig"))?;
        kconfig::check(&fragments, &config)?;
        log.run(&mut call())?;
        for file in &facts.files {
            copy(
                &rooms.work.join(&file.built),
                &rooms.out.join(&file.file),
                0o644,
            )?;
        }
        for (name, elf) in PROGRAMS {
            let elf = rooms.work.join(elf);
            if elf.is_file() {
                let objcopy = cc.program("objcopy");
                imagekit::symbols::write(name, &elf, rooms.out, objcopy.as_ref())?;
            }
        }
        let text = fs::read_to_string(&config)?;
        let text = text.replace(&rooms.work.display().to_string(), ".");
        fs::write(rooms.out.join("config"), text)?;
        copy(
            &rooms.work.join("tools/mkimage"),
            &rooms.out.join("mkimage"),
            0o755,
        )
    })?;
    Ok(entry.map(|path| UBoot { path }))
}

/// What of the configuration follows from the flash map. It is the last fragment: no line of a
/// file can say otherwise.
fn map(context: &Context) -> Result<Fragment> {
    let shown = context.repo.shown(&context.board.path);
    Ok(Fragment::new(
        format!("flashfit layout {shown} --format u-boot-config"),
        render(&context.board, Format::UBootConfig)?,
    ))
}
