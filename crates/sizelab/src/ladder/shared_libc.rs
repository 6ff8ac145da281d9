//! One C library for the program and busybox together, in the place of one in each.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use object::{Object, ObjectSection};

use super::build::BuiltProgram;
use super::context::StudyContext;
use super::recipe::Recipe;
use super::serve::Launch;
use crate::on_flash::files_on_flash;
use crate::rustflags::remove_flag;
use buildkit::checkout::Repo;
use buildkit::files::copy;
use direct::busybox;
use direct::compiler::Compiler;
use direct::context::Context as BoardBuild;
use direct::source_trees::{LibcTrees, Tree};
use direct::{musl, toolchain};

/// The loader that the toolchain's programs name.
const LOADER: &str = "lib/ld-musl.so.1";

pub struct SharedLibc {
    context: BoardBuild,
    cc: Compiler,
    sources: LibcTrees,
    /// The folder of libc.so.
    library: PathBuf,
}

impl SharedLibc {
    /// Builds a board's C library as a shared one.
    pub fn new(study: &StudyContext, board: &str) -> Result<Self> {
        let context = BoardBuild::at_full_priority(Repo::find()?, board, None)?;
        let cc = Compiler::find(&context.board)?;
        let sources = LibcTrees::fetch(&context, &study.log, &|text| eprintln!("{text}"))?;
        let entry = musl::shared_library(&context, &cc, &sources.musl, &study.log)?;
        Ok(Self {
            context,
            cc,
            sources,
            library: entry.value.join("lib"),
        })
    }

    pub fn link(&self, recipe: &mut Recipe) {
        // A `+crt-static` anywhere beats this, and the target's own default is static.
        remove_flag(&mut recipe.target.rustflags, "+crt-static");
        recipe
            .rustflags
            .push("-Ctarget-feature=-crt-static".to_owned());
        let folder = self.library.display();
        recipe.rustflags.push(format!("-Clink-arg=-L{folder}"));
    }

    /// Measures the program, the library and busybox together, less the busybox that has a C
    /// library of its own: what is left compares with a program that has its own.
    pub fn measure(
        &self,
        study: &StudyContext,
        built: &mut BuiltProgram,
        bcj: Option<&str>,
    ) -> Result<()> {
        let note = |text: String| eprintln!("{text}");
        let (context, log) = (&self.context, &study.log);
        let tools = toolchain::build(context, &self.cc, &self.sources, log)?.value;
        let source = Tree::fetch(context, "busybox", log, &note)?;
        let build = |shared| busybox::build_linked(context, &tools, &source, shared, log);
        let (alone, together) = (build(None)?.value, build(Some(&self.library))?.value);
        // squashfs holds each name once.
        let stage = study.repo.path("out/ladder/shared");
        let staged = |from: &Path, name: &str| -> Result<PathBuf> {
            std::fs::create_dir_all(&stage)?;
            copy(from, &stage.join(name), 0o755)?;
            Ok(stage.join(name))
        };
        let with = [
            staged(&built.file, "hello")?,
            staged(&self.library.join("libc.so"), "libc.so")?,
            staged(&together.program(), "busybox")?,
        ];
        let without = [staged(&alone.program(), "busybox.static")?];
        let size = |files: &[PathBuf]| -> Result<u64> {
            let sizes = files.iter().map(|file| Ok(std::fs::metadata(file)?.len()));
            sizes.sum()
        };
        let flash = |files: &[PathBuf]| files_on_flash(files, bcj, "1M", &stage, log);
        let less = |with: u64, without: u64| {
            with.checked_sub(without)
                .context("a static busybox is larger than program, library and busybox together")
        };
        ensure!(
            is_dynamic(&built.file)?,
            "{} contains its own C library",
            built.file.display()
        );
        built.sizes.elf = less(size(&with)?, size(&without)?)?;
        built.sizes.flash = less(flash(&with)?, flash(&without)?)?;
        built.sizes.upx = None;
        Ok(())
    }

    /// How the program is started: the emulator finds the loader in a folder of its own.
    pub fn launch(&self, file: &Path, runner: Option<&str>, argument: &str) -> Result<Launch> {
        let root = self.context.repo.path("out/ladder/shared/root");
        std::fs::create_dir_all(root.join("lib"))?;
        copy(&self.library.join("libc.so"), &root.join(LOADER), 0o755)?;
        let mut launch = Launch::program(file, runner, argument);
        let prefix = ["-L".to_owned(), root.display().to_string()];
        launch.command.splice(1..1, prefix);
        Ok(launch)
    }
}

/// The program asks the loader for libraries.
fn is_dynamic(file: &Path) -> Result<bool> {
    let bytes = std::fs::read(file)?;
    let object = object::File::parse(&*bytes).with_context(|| file.display().to_string())?;
    let found = object.section_by_name(".dynamic");
    Ok(found.is_some_and(|section| section.size() > 0))
}
