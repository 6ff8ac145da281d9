//! A crate of one's own in the server's place: `cargo xtask image --crate`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use board::units::Bytes;
use flashfit::check::Report;
use imagekit::kconfig;
use owncrate::obstacles::{self, Kernel, Target};
use owncrate::parts::Parts;
use owncrate::start::SERVER;
use owncrate::{OwnCrate, Request, cut, map};

use crate::cargo_build::{self, App};
use crate::cargo_call::{CargoCall, Selection};
use crate::context::Context;
use crate::toolchain::Toolchain;
use buildkit::command::Log;
use buildkit::files::{copy, read_json, to_json};
use buildkit::key::{Key, sha256_file};
use buildkit::made::Made;

/// What ends the name of its image folder.
pub const OUTPUT: &str = ".crate";

const PARTS: &str = "parts.json";
const ROOT: &str = "root";

/// A crate that takes the server's place.
pub struct Own {
    /// The crate.
    pub krate: OwnCrate,
}

impl Own {
    /// Finds the crate, fails where something stands in its way, and gives the context the map
    /// that belongs to it.
    pub fn prepare(context: &mut Context, request: &Request) -> Result<Self> {
        let name = format!("{}{OUTPUT}", context.board.name);
        let log = Log::create(&context.repo.logs(&name).join("crate.log"))?;
        let rust = context.board.require(&context.board.rust, "rust")?;
        let krate = OwnCrate::find(request, &rust.target, &context.cache, &log)?;
        let rustc = context.rustc.sysroot.join("bin/rustc");
        let mut target = Target::ask(&rustc, &rust.target, &rust.rustflags)?;
        target.kernel = kernel(context)?;
        match request.anyway {
            true => {
                for obstacle in obstacles::all(&krate, &target)? {
                    eprintln!("warning: {}\n  {}", obstacle.what, obstacle.remedy);
                }
            }
            false => obstacles::refuse(&krate, &target)?,
        }
        let file = context
            .repo
            .board_folder(&context.board.name)
            .join("board.toml");
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let shown = Path::new("out").join(name).join("board.toml");
        let (board_toml, board) = map::derive(&text, &krate, &shown)?;
        context.board = board;
        context.board_toml = Some(board_toml);
        Ok(Self { krate })
    }

    /// Builds the program, unless it is in the cache.
    pub fn build(
        &self,
        context: &Context,
        toolchain: &Toolchain,
        profile: &str,
        log: &Log,
    ) -> Result<Made<App>> {
        let krate = &self.krate;
        let selection = Selection {
            programs: vec![krate.bin.clone()],
            examples: Vec::new(),
            arguments: krate.selection.clone(),
        };
        let call = CargoCall::of(context, toolchain, profile, selection)?;
        let library = context.rustc.source().join("library/Cargo.lock");
        let key = krate
            .key(Key::new("own-app", 2))?
            .field("rustc", &context.rustc.verbose)
            .field("std", sha256_file(&library)?)
            .field("target", &call.target)
            .field("profile", &call.profile)
            .field("flags", call.rustflags.join(" "))
            .field("arguments", call.profile_arguments.join(" "))
            .field("toolchain", toolchain.identity());
        let entry = context.cache.entry("own-app", &key, log, |rooms| {
            let package = (krate.root(), "/crate");
            cargo_build::compile(context, &call, package, rooms, log)?;
            cargo_build::list_crates(context, &call, rooms)?;
            let program = rooms.out.join(&krate.bin);
            fs::write(rooms.out.join(PARTS), to_json(&Parts::of(&program)?)?)?;
            cargo_build::strip(&call, toolchain, rooms.out, log)
        })?;
        Ok(entry.map(App::at))
    }

    /// The folders that go over the root file system: the program with its script, and the
    /// crate's own files.
    pub fn overlays(&self, context: &Context, app: &App, log: &Log) -> Result<Vec<PathBuf>> {
        let (program, installed) = (app.program(&self.krate.bin), self.krate.installed());
        let script = self.krate.script()?;
        let key = Key::new("own-root", 1)
            .file("program", &program)?
            .field("installed", &installed)
            .field("script", &script);
        let root = context.cache.entry("own-root", &key, log, |rooms| {
            let place = |path: &str| rooms.out.join(ROOT).join(path.trim_start_matches('/'));
            install(&program, &place(&installed))?;
            let file = rooms.work.join("script");
            fs::write(&file, &script)?;
            install(&file, &place(SERVER))
        })?;
        let overlay = self.krate.app.overlay.clone();
        Ok([root.value.join(ROOT)].into_iter().chain(overlay).collect())
    }

    /// What of the program weighs what on flash.
    pub fn parts(&self, app: &App, report: &Report) -> Result<String> {
        let parts: Parts = read_json(&app.program(PARTS))?;
        let path = self.krate.installed();
        let mut components = report.components.iter();
        let row = components.find(|row| row.path.as_deref() == Some(&*path));
        let Bytes(on_flash) = row
            .context("the report does not list the program")?
            .usage
            .used;
        Ok(cut::table(&self.krate, &parts, on_flash))
    }
}

fn install(file: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a program lies in a folder")?;
    fs::create_dir_all(folder)?;
    copy(file, to, 0o755)
}

/// How the kernel is configured. On another base than tinyconfig a fragment does not say it all.
fn kernel(context: &Context) -> Result<Option<Kernel>> {
    let facts = context.board.require(&context.board.linux, "linux")?;
    if facts.base != "tinyconfig" {
        return Ok(None);
    }
    let board = &context.board.name;
    Ok(Some(Kernel {
        text: kconfig::join(&context.fragments("linux.config")?),
        file: format!("boards/{board}/linux.config"),
    }))
}
