//! The C library and a compiler that uses it: musl for the board's CPU, under Debian's
//! cross compiler.
//!
//! musl is compiled from source with the board's own flags, one way for every CPU. The same
//! compiler then makes busybox and links the Rust programs. It finds its library and headers beside
//! itself, so that a cache may be moved, mounted elsewhere, or shared.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use board::Runtime;

use crate::compiler::{Compiler, make};
use crate::context::Context;
use crate::source_trees::{LibcTrees, Tree};
use crate::{compiler_rt, musl};
use buildkit::cache::Rooms;
use buildkit::command::{Log, output, tool};
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;

/// A compiler for the board's user space.
pub struct Toolchain {
    /// Its folder: `bin/`, `sysroot/`.
    path: PathBuf,
    /// `arm-linux-musleabihf-`
    prefix: String,
}

/// What a compile needs besides the compiler: Debian's, under the names of ours.
const TOOLS: &[&str] = &[
    "ar", "as", "cpp", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip",
];

impl Toolchain {
    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands before `gcc`, with its folder.
    pub fn cross_compile(&self) -> String {
        format!("{}/bin/{}", self.path.display(), self.prefix)
    }

    /// The compiler. It is named like a gcc, so that rustc takes it for one.
    pub fn gcc(&self) -> PathBuf {
        PathBuf::from(format!("{}gcc", self.cross_compile()))
    }

    /// The archiver.
    pub fn ar(&self) -> PathBuf {
        PathBuf::from(format!("{}ar", self.cross_compile()))
    }

    /// The program that copies and strips object files.
    pub fn objcopy(&self) -> PathBuf {
        PathBuf::from(format!("{}objcopy", self.cross_compile()))
    }

    /// What names it in the keys of what it makes: its own key.
    pub fn identity(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// Builds the toolchain, unless it is in the cache.
pub fn build(
    context: &Context,
    cc: &Compiler,
    sources: &LibcTrees,
    log: &Log,
) -> Result<Made<Toolchain>> {
    let LibcTrees { musl, linux } = sources;
    let machine = musl::machine(&cc.prefix)?;
    let arch = &context.board.require(&context.board.linux, "linux")?.arch;
    let mut key = Key::new("toolchain", 2)
        .field("musl", &musl.identity)
        .field("linux", &linux.identity)
        .field("arch", arch)
        .field("cc", &cc.version)
        .field("prefix", &cc.prefix)
        .field("cflags", cc.cflags.join(" "));
    if cc.runtime == Runtime::CompilerBuiltins {
        let rust = context.board.require(&context.board.rust, "rust")?;
        key = key
            .field("runtime", &rust.target)
            .field("functions", compiler_rt::SOURCE)
            .field("rustc", &context.rustc.verbose)
            .field("rustflags", rust.rustflags.join(" "));
    }
    let prefix = format!("{}-", machine.replace("gnu", "musl"));
    let entry = context.cache.entry("toolchain", &key, log, |rooms| {
        musl::install(context, cc, musl, rooms, log)?;
        headers(context, linux, arch, rooms, log)?;
        compiler(context, cc, musl, &prefix, rooms, log)?;
        let gcc = rooms.out.join("bin").join(format!("{prefix}gcc"));
        probe(&gcc, rooms.work, log)
    })?;
    Ok(entry.map(|path| Toolchain { path, prefix }))
}

/// The kernel's interface: busybox and crates with C in them include it.
fn headers(context: &Context, linux: &Tree, arch: &str, rooms: &Rooms, log: &Log) -> Result<()> {
    let sysroot = rooms.out.join("sysroot");
    log.run(
        make(context.jobs, &linux.path, &rooms.work.join("headers"))
            .arg(format!("ARCH={arch}"))
            .arg(format!("INSTALL_HDR_PATH={}", sysroot.display()))
            .arg("headers_install"),
    )
}

/// What the compiler's specs call the folder that the program `gcc` in `bin/` names.
const SYSROOT: &str = "TINYRUST_SYSROOT";

/// `bin/`: a compiler that takes its library and headers from here, and Debian's binutils.
fn compiler(
    context: &Context,
    cc: &Compiler,
    musl: &Tree,
    prefix: &str,
    rooms: &Rooms,
    log: &Log,
) -> Result<()> {
    let specs = output(
        tool("sh")
            .arg(musl.path.join("tools/musl-gcc.specs.sh"))
            .arg(format!("/{SYSROOT}/include"))
            .arg(format!("/{SYSROOT}/lib"))
            // Nothing is linked dynamically, so the name of the loader says nothing.
            .arg("/lib/ld-musl.so.1"),
    )?;
    let mut specs = movable(&specs);
    let library = rooms.out.join("sysroot/lib");
    match cc.runtime {
        // Rust's std asks the linker for libunwind on static musl; GCC's own unwinder is it.
        Runtime::Libgcc => copy(&musl::unwinder(cc)?, &library.join("libunwind.a"), 0o644)?,
        Runtime::CompilerBuiltins => {
            let built = compiler_rt::build(context, rooms.work, log)?;
            copy(&built, &library.join("libgcc.a"), 0o644)?;
            specs = with_runtime(&specs, &movable(&format!("/{SYSROOT}/lib/libgcc.a")))?;
            // What std's backtraces call is in that library as well.
            let ar = cc.program("ar");
            log.run(tool(ar).arg("rcs").arg(library.join("libunwind.a")))?;
        }
    }
    fs::write(rooms.out.join("musl-gcc.specs"), specs)?;
    let bin = rooms.out.join("bin");
    fs::create_dir(&bin)?;
    let program = |name: &str, script: String| {
        let path = bin.join(format!("{prefix}{name}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
    };
    let (gcc, flags) = (cc.program("gcc"), cc.cflags.join(" "));
    program(
        "gcc",
        format!(
            "here=${{0%/*}}/..\n\
             {SYSROOT}=$here/sysroot exec {gcc} {flags} \"$@\" -specs \"$here/musl-gcc.specs\""
        ),
    )?;
    for name in TOOLS {
        program(name, format!("exec {}{name} \"$@\"", cc.prefix))?;
    }
    Ok(())
}

/// Specs in which each path `/TINYRUST_SYSROOT/…` follows the environment.
///
/// Source: `getenv` in GCC's manual, "Spec Files". It takes the rest of the path as its argument;
/// nothing can be appended to what it gives.
fn movable(specs: &str) -> String {
    let place = format!("/{SYSROOT}");
    let mut parts = specs.split(&place);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || c == '}');
        let (rest, after) = part.split_at(end.unwrap_or(part.len()));
        text += &format!("%:getenv({SYSROOT} {rest}){after}");
    }
    text
}

/// The compiler's specs with another library in libgcc's place.
fn with_runtime(specs: &str, library: &str) -> Result<String> {
    let own = "*libgcc:\n";
    let (before, after) = specs
        .split_once(own)
        .context("musl's compiler specs have no *libgcc")?;
    let (_, after) = after.split_once('\n').unwrap_or_default();
    Ok(format!("{before}{own}{library}\n{after}"))
}

/// A program that asks for a backtrace, as Rust's std does for an error of anyhow's.
const PROBE: &str = "\
int _Unwind_Backtrace(void *, void *);
int main(void) { return _Unwind_Backtrace(0, 0); }
";

/// Links a static program with the new compiler.
fn probe(gcc: &Path, work: &Path, log: &Log) -> Result<()> {
    fs::write(work.join("probe.c"), PROBE)?;
    log.run(
        tool(gcc)
            .current_dir(work)
            .args(["-static", "-o", "probe", "probe.c", "-lunwind"]),
    )
    .context("the new compiler cannot link a static program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_the_specs_follow_the_environment() {
        let specs = "*a:\n-isystem /TINYRUST_SYSROOT/include -I x\n\
                     *b:\n%{!shared: /TINYRUST_SYSROOT/lib/Scrt1.o} -L/TINYRUST_SYSROOT/lib\n";
        assert_eq!(
            movable(specs),
            "*a:\n-isystem %:getenv(TINYRUST_SYSROOT /include) -I x\n\
             *b:\n%{!shared: %:getenv(TINYRUST_SYSROOT /lib/Scrt1.o)} \
             -L%:getenv(TINYRUST_SYSROOT /lib)\n"
        );
    }

    #[test]
    fn another_run_time_takes_libgccs_place_in_the_specs() {
        let specs = "*link_libgcc:\n-L/s/lib\n\n*libgcc:\nlibgcc.a%s\n\n*startfile:\ncrt1.o\n";
        assert_eq!(
            with_runtime(specs, "/s/lib/libgcc.a").unwrap(),
            "*link_libgcc:\n-L/s/lib\n\n*libgcc:\n/s/lib/libgcc.a\n\n*startfile:\ncrt1.o\n"
        );
        assert!(with_runtime("*startfile:\ncrt1.o\n", "/l").is_err());
    }
}
