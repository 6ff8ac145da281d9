//! `cargo xtask image`: everything, from the sources to flash.bin.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use board::Board;
use board::units::Bytes;
use flashfit::check::Report;
use flashfit::images::Images;
use flashfit::{assemble, check};

use crate::cargo_build::App;
use crate::cargo_call::Programs;
use crate::compiler::Compiler;
use crate::context::Context;
use crate::programs::Wishes;
use crate::rootfs::RootFs;
use crate::source_trees::{SourceTrees, Tree};
use crate::uboot::UBoot;
use crate::{busybox, fit, kernel, programs, rootfs, setup, toolchain, uboot, upx};
use buildkit::command::Log;
use buildkit::files::{copy, remove};
use buildkit::lock::exclusively;
use buildkit::made::Made;
use buildkit::output::Output;
use buildkit::step::{Steps, side_by_side};
use imagekit::build_json::{self, BuildRecord};
use imagekit::{bill, boot_image};
use owncrate::map;
use sbom::Inventory;

/// In this order, but for the kernel's, which run beside the userland's.
const STEPS: &[&str] = &[
    "sources",
    "u-boot",
    "kernel",
    "toolchain",
    "app",
    "busybox",
    "rootfs",
    "fit",
    "check",
    "flash",
];

/// Builds the image folder of the board, and prints its budget table. Where a step fails or the
/// image is over a budget, out/ has what it had before; what is over budget is in
/// out/`board`.over-budget.
pub fn run(context: &Context, wishes: &Wishes) -> Result<Report> {
    setup::require(&context.board, &context.rustc)?;
    let name = wishes.output_name(context);
    let steps = Steps::new(STEPS, &context.repo.logs(&name));
    steps.stop_on_signals()?;
    // Two builds of a board in one checkout take turns.
    let waiting = Log::create(&steps.logs().join("waiting.log"))?;
    let lock = context.repo.logs(&format!("{name}.lock"));
    let report = exclusively(&lock, &waiting, || {
        remove(waiting.path())?;
        match build(context, wishes, &steps)? {
            Built::Image(report) => Ok(*report),
            Built::Recut(board_toml) => {
                let recut = context.with_map(board_toml)?;
                steps.note(&format!(
                    "moved the partition boundaries: {}",
                    slots(&recut.board)
                ));
                match build(&recut, wishes, &steps)? {
                    Built::Image(report) => Ok(*report),
                    Built::Recut(_) => {
                        bail!("the image does not fit even with the partition boundaries moved")
                    }
                }
            }
        }
    })?;
    drop(steps);
    anstream::print!("{}", check::table(&report));
    for suggestion in check::suggestions(&context.board, &report) {
        println!("{suggestion}");
    }
    Ok(report)
}

/// What came of a build.
enum Built {
    Image(Box<Report>),
    /// The slot holds everything if its partitions are cut as this board.toml has them.
    Recut(String),
}

fn build(context: &Context, wishes: &Wishes, steps: &Steps) -> Result<Built> {
    let cc = Compiler::find(&context.board)?;
    let sources = steps.run("sources", |log| {
        SourceTrees::fetch(context, log, &|text| steps.note(&text)).map(Made::new)
    })?;

    // The kernel is half of all work, and the server's link-time optimization runs on one core:
    // side by side they keep all cores busy. The userland's failure counts before the kernel's: it
    // is the one that a change of the app brings.
    let userland = || {
        let toolchain = steps.run("toolchain", |log| {
            toolchain::build(context, &cc, &sources.libc, log)
        })?;
        let app = steps.run("app", |log| {
            programs::build(context, &toolchain, wishes, Programs::All, log)
        })?;
        let busybox = steps.run("busybox", |log| {
            busybox::build(context, &toolchain, &sources.busybox, log)
        })?;
        Ok((app, busybox))
    };
    let boot = || {
        let u_boot = steps.run("u-boot", |log| {
            uboot::build(context, &cc, &sources.u_boot, log)
        })?;
        let kernel = steps.run("kernel", |log| {
            kernel::build(context, &cc, &sources.libc.linux, log)
        })?;
        Ok((u_boot, kernel))
    };
    let ((app, busybox), (u_boot, kernel)) = side_by_side(userland, boot)?;

    let rootfs = steps.run("rootfs", |log| {
        let (server, mut last) = match &wishes.own {
            Some(own) => (None, own.overlays(context, &app, log)?),
            None => (Some(app.program("tinyrust")), Vec::new()),
        };
        last.extend(wishes.overlay.clone());
        rootfs::build(context, &busybox, server.as_deref(), &last, log)
    })?;
    let output = Output::create(&context.repo.path("out"), &wishes.output_name(context))?;
    let images = &output.folder().to_owned();
    steps.run("fit", |_| {
        kernel.put(images)?;
        fit::build(context, &cc, &sources.libc.linux, &u_boot, images).map(Made::new)
    })?;
    let report = steps.run("check", |log| {
        collect(context, wishes, &app, &rootfs, &u_boot, images)?;
        busybox.put_symbols(images)?;
        u_boot.put_symbols(images)?;
        check_sizes(context, &output, log).map(Made::new)
    })?;
    let recut = match (&wishes.own, &context.board_toml, report.fits) {
        (Some(_), Some(text), false) => map::recut(text, &context.board, &used(&report))?,
        _ => None,
    };
    if let Some(board_toml) = recut {
        return Ok(Built::Recut(board_toml));
    }
    if let Some(own) = &wishes.own {
        print!("{}", own.parts(&app, &report)?);
    }
    if !report.fits {
        keep_logs(steps, images)?;
        let kept = output.keep_as("over-budget")?;
        return Err(over_budget(&report, &context.repo.shown(&kept).to_string()));
    }
    steps.run("flash", |log| {
        let flash = images.join("flash.bin");
        assemble::assemble(&context.board, &Images::open(images)?, &flash)?;
        record(context, &cc, &sources, &app, wishes)?.write(images)?;
        list_parts(context, &sources, &app, wishes, images, log)?;
        keep_logs(steps, images)?;
        output.finish().map(Made::new)
    })?;
    Ok(Built::Image(Box::new(report)))
}

/// What the image of each partition takes.
fn used(report: &Report) -> BTreeMap<String, Bytes> {
    let rows = report.partitions.iter();
    rows.map(|row| (row.name.clone(), row.usage.used)).collect()
}

/// The partitions of the slots with their sizes.
fn slots(board: &Board) -> String {
    let inside = board
        .partitions
        .iter()
        .filter(|partition| partition.slot.is_some());
    let told = inside.map(|partition| format!("{} {}", partition.name, partition.size.with_unit()));
    told.collect::<Vec<_>>().join(", ")
}

/// Puts what the kernel's steps did not into the image folder.
fn collect(
    context: &Context,
    wishes: &Wishes,
    app: &App,
    rootfs: &RootFs,
    u_boot: &UBoot,
    images: &Path,
) -> Result<()> {
    let board = &context.board;
    let put = |from: &Path, name: &Path, mode| copy(from, &images.join(name), mode);
    match &context.board_toml {
        Some(text) => fs::write(images.join("board.toml"), text)?,
        None => {
            let facts_file = context.repo.board_folder(&board.name).join("board.toml");
            put(&facts_file, "board.toml".as_ref(), 0o644)?;
        }
    }
    put(&rootfs.image, "rootfs.squashfs".as_ref(), 0o644)?;
    put(&rootfs.packages, "packages-file-list.txt".as_ref(), 0o644)?;
    let programs = match &wishes.own {
        Some(own) => vec![&*own.krate.bin],
        None => Programs::All.names().to_vec(),
    };
    for name in &programs {
        put(&app.program(name), name.as_ref(), 0o755)?;
    }
    let server = programs[0];
    if let Some(symbols) = app.symbols(server) {
        put(&symbols, format!("{server}.debug").as_ref(), 0o644)?;
    }
    for file in &board.require(&board.u_boot, "u-boot")?.files {
        put(&u_boot.file(&file.file), &file.file, 0o644)?;
    }
    boot_image::write(board, images)
}

/// Compares the image folder with the board's budgets, and with the image before it.
fn check_sizes(context: &Context, output: &Output, log: &Log) -> Result<Report> {
    let baseline = output.previous("flashfit.json");
    let baseline = baseline.and_then(|path| Report::load(&path).ok());
    let images = output.folder();
    let report = check::check(&context.board, &Images::open(images)?, baseline.as_ref())?;
    fs::write(images.join("flashfit.json"), report.to_json())?;
    log.note(anstream::adapter::strip_str(&check::table(&report)).to_string());
    Ok(report)
}

/// What the image was made from.
fn record(
    context: &Context,
    cc: &Compiler,
    sources: &SourceTrees,
    app: &App,
    wishes: &Wishes,
) -> Result<BuildRecord> {
    let rust = context.board.require(&context.board.rust, "rust")?;
    let source = |(name, tree): (&str, &Tree)| {
        let source = &tree.source;
        let source = build_json::Source {
            version: source.version.clone(),
            file: Some(source.file.clone()),
            sha256: Some(source.sha256.clone()),
        };
        (name.to_owned(), source)
    };
    Ok(BuildRecord {
        schema: build_json::SCHEMA.to_owned(),
        builder: "direct".to_owned(),
        board: context.board.name.clone(),
        profile: wishes.profile(context)?.to_owned(),
        allocator: rust.allocator.clone(),
        target: rust.target.clone(),
        git_revision: context.repo.revision(),
        rustc: build_json::rustc_names(&context.rustc.verbose),
        cc: cc.version.clone(),
        sources: sources.all().into_iter().map(source).collect(),
        rust_flags: app.flags()?,
        files: BTreeMap::new(),
    })
}

/// The bill of materials, and the licence texts.
fn list_parts(
    context: &Context,
    sources: &SourceTrees,
    app: &App,
    wishes: &Wishes,
    images: &Path,
    log: &Log,
) -> Result<()> {
    let crates: Vec<Inventory> = app.crates()?.into_iter().collect();
    let mut firmware = bill::firmware(images, &crates)?;
    if wishes.upx {
        let (_, source) = upx::program(&context.repo, &context.cache, log)?;
        firmware.add_source("upx", &origin(&source));
    }
    for (name, tree) in sources.all() {
        firmware.add_tree(name, &tree.path)?;
    }
    bill::write(firmware, None, true, images)
}

fn origin(source: &buildkit::sources::Source) -> sbom::Source {
    sbom::Source {
        version: source.version.clone(),
        archive: Some(source.file.clone()),
        sha256: Some(source.sha256.clone()),
    }
}

fn keep_logs(steps: &Steps, images: &Path) -> Result<()> {
    let folder = images.join("logs");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(steps.logs())? {
        let entry = entry?;
        copy(&entry.path(), &folder.join(entry.file_name()), 0o644)?;
    }
    Ok(())
}

fn over_budget(report: &Report, kept: &str) -> anyhow::Error {
    anyhow!(
        "{}\nthe image is over budget; {kept} keeps it for inspection, and the previous build \
         is untouched",
        report.errors.join("\n")
    )
}
