//! The boards' targets: their flags, their linker, and what runs their programs here.

use anyhow::{Context as _, Result};

use super::context::StudyContext;
use super::target::{ARTICLE_TARGET, Target};
use buildkit::checkout::Repo;
use direct::cargo_call::MUSL_FLAGS;
use direct::compiler::Compiler;
use direct::context::Context as BoardBuild;
use direct::source_trees::LibcTrees;
use direct::toolchain;

/// The target of that name: the article's, or a board's with its compiler built if it is not
/// there yet.
pub fn of(study: &StudyContext, name: &str) -> Result<Target> {
    if name == ARTICLE_TARGET {
        return Ok(Target::native());
    }
    let context = BoardBuild::at_full_priority(Repo::find()?, name, None)?;
    let note = |text: String| eprintln!("{text}");
    let cc = Compiler::find(&context.board)?;
    let sources = LibcTrees::fetch(&context, &study.log, &note)?;
    let toolchain = toolchain::build(&context, &cc, &sources, &study.log)?.value;
    let facts = context.board.require(&context.board.rust, "rust")?;
    let mut rustflags = facts.rustflags.clone();
    if facts.target.contains("musl") {
        rustflags.extend(MUSL_FLAGS.map(str::to_owned));
    }
    let rootfs = context.board.require(&context.board.rootfs, "rootfs")?;
    Ok(Target {
        board: Some(name.to_owned()),
        rustflags,
        linker: Some(toolchain.gcc()),
        strip: cc.program("strip"),
        bcj: rootfs.bcj.clone(),
        runner: Some(runner(&facts.target)?),
        prebuilt_std: false,
        triple: facts.target.clone(),
    })
}

/// QEMU's user-mode emulator for a target, from Debian's package qemu-user-static.
pub fn runner(triple: &str) -> Result<String> {
    let machine = triple.split('-').next().unwrap_or(triple);
    let name = match machine {
        _ if machine.starts_with("arm") => "arm",
        _ if machine.starts_with("riscv64") => "riscv64",
        _ if machine.starts_with("riscv32") => "riscv32",
        "i586" | "i686" => "i386",
        other => other,
    };
    let program = format!("qemu-{name}-static");
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(&program).is_file());
    found
        .then_some(())
        .with_context(|| format!("{program} is not installed: `cargo xtask setup` installs it"))?;
    Ok(program)
}
