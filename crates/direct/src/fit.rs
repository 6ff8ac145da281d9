//! kernel.itb: the kernel and its device tree in one FIT image, each with its checksum.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use board::Compression;
use flashfit::layout::{Format, render};

use crate::context::{Context, Tree};
use crate::uboot::UBoot;
use buildkit::command::{Log, tool};
use buildkit::files::{copy, sorted};

/// The parts of a slot's kernel partition.
pub struct Fit {
    /// The FIT image.
    pub image: PathBuf,
    /// The device tree in it, on a board whose kernel does not bring its own.
    pub device_tree: Option<PathBuf>,
}

/// Makes the device tree and the FIT image in the folder `work`.
///
/// # Errors
/// When one of them cannot be made.
pub fn build(
    context: &Context,
    linux: &Tree,
    u_boot: &UBoot,
    kernel: &Path,
    work: &Path,
    log: &Log,
) -> Result<Fit> {
    let facts = context.board.require(&context.board.linux, "linux")?;
    let at = context.board.path.display();
    let missing = || format!("{at}: [linux] has no load-address, and a FIT image has one");
    let load = facts.load_address.with_context(missing)?;
    let entry = facts.entry().with_context(missing)?;
    fs::create_dir_all(work)?;
    let board = context.repo.board_folder(&context.board.name);
    let source = facts.dts.as_ref().map(|dts| board.join(dts));
    let device_tree = source
        .map(|source| device_tree(context, linux, &source, &facts.arch, work, log))
        .transpose()?;

    let image = compressed(facts.compression, kernel, work, log)?;
    let template = match device_tree {
        Some(_) => "boards/common/kernel.its",
        None => "boards/common/kernel-without-dtb.its",
    };
    let template = context.repo.path(template);
    let mut text = fs::read_to_string(&template)
        .with_context(|| format!("cannot read {}", template.display()))?;
    for (name, value) in [
        ("BOARD", context.board.name.clone()),
        ("ARCH", processor(&facts.arch).to_owned()),
        ("LOAD_ADDRESS", load.to_string()),
        ("ENTRY_ADDRESS", entry.to_string()),
        ("COMPRESSION", facts.compression.as_str().to_owned()),
        ("KERNEL", file_name(&image)),
        (
            "DTB",
            device_tree.as_deref().map(file_name).unwrap_or_default(),
        ),
    ] {
        text = text.replace(&format!("@{name}@"), &value);
    }
    fs::write(work.join("kernel.its"), text)?;
    // The names in the .its are relative to where mkimage runs.
    log.run(
        tool(u_boot.mkimage())
            .current_dir(work)
            .args(["-f", "kernel.its", "kernel.itb"]),
    )?;
    Ok(Fit {
        image: work.join("kernel.itb"),
        device_tree,
    })
}

/// The kernel as the FIT image holds it.
fn compressed(how: Compression, kernel: &Path, work: &Path, log: &Log) -> Result<PathBuf> {
    let image = work.join("kernel");
    copy(kernel, &image, 0o644)?;
    match how {
        Compression::None => Ok(image),
        Compression::Lzma => {
            log.run(
                tool("xz")
                    .args(["--format=lzma", "-9e", "--keep", "--force"])
                    .arg(&image),
            )?;
            Ok(image.with_extension("lzma"))
        }
    }
}

/// U-Boot's name of the kernel's architecture (`uimage_arch` in boot/image.c).
fn processor(arch: &str) -> &str {
    match arch {
        "i386" => "x86",
        other => other,
    }
}

fn device_tree(
    context: &Context,
    linux: &Tree,
    source: &Path,
    arch: &str,
    work: &Path,
    log: &Log,
) -> Result<PathBuf> {
    let partitions = work.join(Format::Dts.file_name());
    fs::write(partitions, render(&context.board, Format::Dts)?)?;
    let tree = linux.path.join("arch").join(arch).join("boot/dts");
    let plain = work.join("board.dts");
    let mut preprocess = tool(format!("{}gcc", context.cc()?.prefix));
    preprocess
        .args(["-E", "-P", "-nostdinc", "-undef", "-D__DTS__"])
        .args(["-x", "assembler-with-cpp"])
        .arg("-I")
        .arg(work);
    // x86 has none of its own.
    let of_the_kernel = if tree.is_dir() {
        folders(&tree)?
    } else {
        Vec::new()
    };
    for folder in of_the_kernel {
        preprocess.arg("-I").arg(folder);
    }
    log.run(
        preprocess
            .arg("-I")
            .arg(linux.path.join("include"))
            .arg("-o")
            .arg(&plain)
            .arg(source),
    )?;
    let compiled = work.join(format!("{}.dtb", context.board.name));
    log.run(
        tool("dtc")
            .args(["-q", "-I", "dts", "-O", "dtb", "-o"])
            .arg(&compiled)
            .arg(&plain),
    )?;
    Ok(compiled)
}

/// The folder of an architecture's device trees, and those of the vendors in it.
fn folders(tree: &Path) -> Result<Vec<PathBuf>> {
    let mut all = sorted(tree)?;
    all.retain(|path| path.is_dir());
    all.insert(0, tree.to_owned());
    Ok(all)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
