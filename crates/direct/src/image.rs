//! `cargo xtask image`: everything, from the sources to flash.bin.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use flashfit::check::Report;
use flashfit::images::Images;
use flashfit::{assemble, check};

use crate::busybox::{self, Busybox};
use crate::cargo_build::{self, App};
use crate::cargo_call::{CargoCall, Programs};
use crate::context::{Context, Tree};
use crate::fit;
use crate::setup;
use crate::toolchain::{self, Toolchain};
use crate::uboot::{self, UBoot};
use buildkit::command::Log;
use buildkit::files::copy;
use buildkit::files::remove;
use buildkit::lock::exclusively;
use buildkit::output::Output;
use buildkit::step::{Steps, both};
use imagekit::boot_image;
use imagekit::build_json::{self, BuildRecord};

use crate::{kernel, replace_server, rootfs, upx};

/// The steps of [`run`].
const STEPS: usize = 10;

/// The sources of an image.
pub struct SourceTrees {
    linux: Tree,
    musl: Tree,
    /// Absent where the board has no boot loader of ours.
    u_boot: Option<Tree>,
    busybox: Tree,
}

impl SourceTrees {
    /// Each with the name it has in sources.toml.
    pub fn all(&self) -> Vec<(&'static str, &Tree)> {
        let mut all = vec![
            ("busybox", &self.busybox),
            ("linux", &self.linux),
            ("musl", &self.musl),
        ];
        all.extend(self.u_boot.as_ref().map(|tree| ("u-boot", tree)));
        all
    }
}

/// What userland and kernel land contribute.
struct Parts {
    app: App,
    busybox: Busybox,
    u_boot: Option<UBoot>,
    kernel: PathBuf,
}

/// Builds the image folder of the board, and prints its budget table.
///
/// # Errors
/// When a step fails, or the image is over a budget. Then out/ has what it had before; what
/// is over budget is in out/`board`.over-budget.
pub fn run(context: &Context, profile: Option<&str>) -> Result<Report> {
    setup::require(&context.board, &context.rustc)?;
    let rust = context.board.require(&context.board.rust, "rust")?;
    let profile = profile.unwrap_or(&rust.profile);
    let steps = Steps::new(STEPS, &context.repo.logs(&context.output_name()));
    steps.stop_on_signals()?;
    // Two builds of a board in one checkout take turns.
    let waiting = Log::create(&steps.logs().join("waiting.log"))?;
    let lock = steps.logs().with_added_extension("lock");
    let report = exclusively(&lock, &waiting, || {
        remove(waiting.path())?;
        build(context, profile, &steps)
    })?;
    drop(steps);
    anstream::print!("{}", check::table(&report));
    for suggestion in check::suggestions(&context.board, &report) {
        println!("{suggestion}");
    }
    Ok(report)
}

/// Builds the app crate's programs alone, and prints where they are and their sizes.
pub fn run_app(context: &Context, profile: Option<&str>, programs: Programs) -> Result<()> {
    let app = app(context, profile, programs)?;
    for name in programs.names() {
        let path = app.program(name);
        let size = board::units::Bytes(fs::metadata(&path)?.len());
        println!("{} {size} bytes", path.display());
    }
    Ok(())
}

/// Builds the app crate's programs alone.
pub fn app(context: &Context, profile: Option<&str>, programs: Programs) -> Result<App> {
    setup::require(&context.board, &context.rustc)?;
    let rust = context.board.require(&context.board.rust, "rust")?;
    let profile = profile.unwrap_or(&rust.profile);
    let steps = Steps::new(3, &context.repo.logs(&context.output_name()));
    steps.stop_on_signals()?;
    let (linux, musl) = steps.run("sources", |log| {
        let note = |text: String| steps.note(&text);
        Ok((
            (
                context.tree("linux", log, &note)?,
                context.tree("musl", log, &note)?,
            ),
            false,
        ))
    })?;
    let tools = steps.run("toolchain", |log| {
        toolchain::build(context, &musl, &linux, log)
    })?;
    steps.run("app", |log| {
        programs_of(context, &tools, profile, programs, log)
    })
}

/// The app crate's programs, packed where that was asked for; whether they were in the cache.
fn programs_of(
    context: &Context,
    tools: &Toolchain,
    profile: &str,
    programs: Programs,
    log: &Log,
) -> Result<(App, bool)> {
    let rust = context.board.require(&context.board.rust, "rust")?;
    if context.upx {
        // Said before anything is compiled.
        upx::require(&rust.target)?;
    }
    let call = CargoCall::new(context, tools, profile, programs)?;
    let (app, cached) = cargo_build::build(context, tools, &call, log)?;
    if let Some(server) = &context.server {
        return replace_server::replace(&context.cache, &app, server, log);
    }
    if !context.upx {
        return Ok((app, cached));
    }
    upx::pack(
        &context.repo,
        &context.cache,
        &rust.target,
        &app,
        programs.names(),
        log,
    )
}

fn build(context: &Context, profile: &str, steps: &Steps) -> Result<Report> {
    let trees = sources(context, steps)?;
    let parts = parts(context, &trees, profile, steps)?;
    let output = Output::create(&context.repo.path("out"), &context.output_name())?;
    let images = &output.folder().to_owned();

    let squashfs = steps.run("rootfs", |log| {
        rootfs::build(context, &parts.busybox, &parts.app.program("tinyrust"), log)
    })?;
    steps.run("fit", |_| {
        let linux = context.board.require(&context.board.linux, "linux")?;
        copy(&parts.kernel, &images.join(&linux.image), 0o644)?;
        // Without a boot loader nobody reads a FIT image: the slot holds the kernel itself.
        let fit = |u_boot: &UBoot| fit::build(context, &trees.linux, u_boot, images);
        Ok((parts.u_boot.as_ref().map(fit).transpose()?, false))
    })?;
    let report = steps.run("check", |log| {
        collect(context, &parts, &squashfs, images)?;
        let baseline = output.previous("flashfit.json");
        let baseline = baseline.and_then(|path| Report::load(&path).ok());
        let folder = Images::open(images)?;
        let report = check::check(&context.board, &folder, baseline.as_ref())?;
        fs::write(images.join("flashfit.json"), report.to_json())?;
        log.note(anstream::adapter::strip_str(&check::table(&report)).to_string());
        Ok((report, false))
    })?;
    if !report.fits {
        keep_logs(steps, images)?;
        let kept = output.keep_as("over-budget")?;
        return Err(over_budget(&report, &context.repo.shown(&kept).to_string()));
    }
    steps.run("flash", |_| {
        let flash = images.join("flash.bin");
        assemble::assemble(&context.board, &Images::open(images)?, &flash)?;
        record(context, &trees, &parts.app, profile)?.write(images)?;
        keep_logs(steps, images)?;
        output.finish()?;
        Ok(((), false))
    })?;
    Ok(report)
}

fn sources(context: &Context, steps: &Steps) -> Result<SourceTrees> {
    steps.run("sources", |log| {
        let note = |text: String| steps.note(&text);
        let tree = |name| context.tree(name, log, &note);
        let trees = SourceTrees {
            linux: tree("linux")?,
            musl: tree("musl")?,
            u_boot: context
                .board
                .u_boot
                .as_ref()
                .map(|_| tree("u-boot"))
                .transpose()?,
            busybox: tree("busybox")?,
        };
        Ok((trees, false))
    })
}

/// The kernel is half of all work, and the server's link-time optimization runs on one core:
/// side by side they keep all cores busy.
fn parts(context: &Context, trees: &SourceTrees, profile: &str, steps: &Steps) -> Result<Parts> {
    let kernel_land = || -> Result<(Option<UBoot>, PathBuf)> {
        let u_boot = steps.run("u-boot", |log| match &trees.u_boot {
            Some(tree) => {
                let (u_boot, cached) = uboot::build(context, tree, log)?;
                Ok((Some(u_boot), cached))
            }
            None => Ok((None, true)),
        })?;
        let kernel = steps.run("kernel", |log| kernel::build(context, &trees.linux, log))?;
        Ok((u_boot, kernel))
    };
    let userland = || -> Result<(App, Busybox)> {
        let tools: Toolchain = steps.run("toolchain", |log| {
            toolchain::build(context, &trees.musl, &trees.linux, log)
        })?;
        let app = steps.run("app", |log| {
            programs_of(context, &tools, profile, Programs::All, log)
        })?;
        let busybox = steps.run("busybox", |log| {
            busybox::build(context, &tools, &trees.busybox, log)
        })?;
        Ok((app, busybox))
    };
    let (kernel_land, userland) = std::thread::scope(|scope| {
        let other = scope.spawn(kernel_land);
        let userland = userland();
        let kernel_land = other
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the kernel's thread panicked")));
        (kernel_land, userland)
    });
    // The userland's failure first: it is the one that a change of the app brings.
    let ((app, busybox), (u_boot, kernel)) = both(userland, kernel_land)?;
    Ok(Parts {
        app,
        busybox,
        u_boot,
        kernel,
    })
}

/// Puts everything that the image is made of into the image folder.
fn collect(context: &Context, parts: &Parts, squashfs: &Path, images: &Path) -> Result<()> {
    let board = &context.board;
    let put = |from: &Path, name: &Path, mode| copy(from, &images.join(name), mode);
    let facts_file = context.repo.board_folder(&board.name).join("board.toml");
    put(&facts_file, "board.toml".as_ref(), 0o644)?;
    put(squashfs, "rootfs.squashfs".as_ref(), 0o644)?;
    for name in ["tinyrust", "hello"] {
        put(&parts.app.program(name), name.as_ref(), 0o755)?;
    }
    if let Some(symbols) = parts.app.symbols("tinyrust") {
        put(&symbols, "tinyrust.debug".as_ref(), 0o644)?;
    }
    let (Some(facts), Some(u_boot)) = (&board.u_boot, &parts.u_boot) else {
        return Ok(());
    };
    for file in &facts.files {
        put(&u_boot.file(&file.file), &file.file, 0o644)?;
    }
    boot_image::write(board, images)
}

/// What the image was made from.
fn record(context: &Context, trees: &SourceTrees, app: &App, profile: &str) -> Result<BuildRecord> {
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
        profile: profile.to_owned(),
        allocator: rust.allocator.clone(),
        target: rust.target.clone(),
        git_revision: context.repo.revision(),
        rustc: build_json::rustc_names(&context.rustc.verbose),
        cc: context.cc_version()?,
        sources: trees.all().into_iter().map(source).collect(),
        rust_flags: app.flags()?,
        files: BTreeMap::new(),
    })
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
        "{}\nthe image is over budget; it is kept in {kept} for inspection, and what was built \
         before is untouched",
        report.errors.join("\n")
    )
}
