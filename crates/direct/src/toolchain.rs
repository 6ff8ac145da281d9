//! The C library and a compiler that uses it: musl for the board's CPU, under Debian's
//! cross compiler.
//!
//! musl is compiled from source with the board's own flags, one way for every CPU. The same
//! compiler then makes busybox and links the Rust programs. It finds its library and headers beside
//! itself, so that a cache may be moved, mounted elsewhere, or shared.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use board::{Cc, Runtime};

use crate::compiler_rt;
use crate::context::{Context, Tree, prefix_maps};
use buildkit::cache::Rooms;
use buildkit::command::{Log, output, tool};
use buildkit::files::copy;
use buildkit::key::Key;

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

/// Builds the toolchain, unless it is in the cache; whether it was.
pub fn build(context: &Context, musl: &Tree, linux: &Tree, log: &Log) -> Result<(Toolchain, bool)> {
    let cc = context.cc()?;
    let machine = machine(&cc.prefix)?;
    let arch = &context.board.require(&context.board.linux, "linux")?.arch;
    let mut key = Key::new("toolchain", 2)
        .field("musl", &musl.identity)
        .field("linux", &linux.identity)
        .field("arch", arch)
        .field("cc", context.cc_version()?)
        .field("prefix", &cc.prefix)
        .field("cflags", cc.cflags.join(" "));
    if cc.runtime == Runtime::CompilerBuiltins {
        let rust = context.board.require(&context.board.rust, "rust")?;
        key = key
            .field("runtime", &rust.target)
            .field("rustc", &context.rustc.verbose)
            .field("rustflags", rust.rustflags.join(" "));
    }
    let prefix = format!("{}-", machine.replace("gnu", "musl"));
    let entry = context.cache.entry("toolchain", &key, log, |rooms| {
        library(context, musl, &machine, rooms, log)?;
        headers(context, linux, arch, rooms, log)?;
        compiler(context, musl, &prefix, rooms, log)?;
        let gcc = rooms.out.join("bin").join(format!("{prefix}gcc"));
        probe(&gcc, rooms.work, log)
    })?;
    let toolchain = Toolchain {
        path: entry.path,
        prefix,
    };
    Ok((toolchain, entry.hit))
}

/// `arm-linux-gnueabihf` of `arm-linux-gnueabihf-`.
fn machine(prefix: &str) -> Result<String> {
    let name = prefix.rsplit('/').next().unwrap_or(prefix);
    let machine = name.strip_suffix('-').unwrap_or(name);
    ensure!(
        machine.contains("-linux-gnu"),
        "[cc] prefix = {prefix:?}: the prefix of one of Debian's Linux compilers is wanted, as in \
         \"arm-linux-gnueabihf-\""
    );
    Ok(machine.to_owned())
}

/// The C library as a shared one, `lib/libc.so` of an entry, which the ladder compares with
/// programs that each bring their own; whether it was in the cache.
pub fn shared_library(context: &Context, musl: &Tree, log: &Log) -> Result<(PathBuf, bool)> {
    let cc = context.cc()?;
    let machine = machine(&cc.prefix)?;
    let key = Key::new("libc", 1)
        .field("musl", &musl.identity)
        .field("cc", context.cc_version()?)
        .field("prefix", &cc.prefix)
        .field("cflags", cc.cflags.join(" "));
    let entry = context.cache.entry("libc", &key, log, |rooms| {
        let build = rooms.work.join("musl");
        configure(context, musl, &machine, &["--disable-static"], &build, log)?;
        let make = format!("--jobs={}", context.jobs);
        log.run(
            tool("make")
                .current_dir(&build)
                .args([&make, "lib/libc.so"]),
        )?;
        let library = rooms.out.join("lib/libc.so");
        fs::create_dir_all(rooms.out.join("lib"))?;
        copy(&build.join("lib/libc.so"), &library, 0o755)?;
        log.run(
            tool(format!("{}strip", cc.prefix))
                .arg("--strip-unneeded")
                .arg(&library),
        )?;
        // Rust's std asks for GCC's unwinder as a shared library; the static one is found first.
        copy(&unwinder(cc)?, &rooms.out.join("lib/libgcc_s.a"), 0o644)
    })?;
    Ok((entry.path, entry.hit))
}

fn library(context: &Context, musl: &Tree, machine: &str, rooms: &Rooms, log: &Log) -> Result<()> {
    let build = rooms.work.join("musl");
    configure(context, musl, machine, &["--disable-shared"], &build, log)?;
    log.run(
        tool("make")
            .current_dir(&build)
            .arg(format!("--jobs={}", context.jobs))
            .arg("install")
            .arg(format!("DESTDIR={}", rooms.out.join("sysroot").display())),
    )
}

fn configure(
    context: &Context,
    musl: &Tree,
    machine: &str,
    kind: &[&str],
    build: &Path,
    log: &Log,
) -> Result<()> {
    let cc = context.cc()?;
    fs::create_dir_all(build)?;
    let flags = format!(
        // No table of unwinding and no section that the linker cannot drop: musl adds those
        // flags itself. Debian's compiler makes position-independent code unless told.
        "-Os {} -fno-pie {}",
        cc.cflags.join(" "),
        prefix_maps(&[&musl.path, build])
    );
    log.run(
        tool(musl.path.join("configure"))
            .current_dir(build)
            .arg(format!("--target={machine}"))
            .args(["--prefix=/", "--disable-wrapper"])
            .args(kind)
            .env("CROSS_COMPILE", &cc.prefix)
            .env("CC", format!("{}gcc", cc.prefix))
            .env("CFLAGS", flags),
    )
}

/// The kernel's interface: busybox and crates with C in them include it.
fn headers(context: &Context, linux: &Tree, arch: &str, rooms: &Rooms, log: &Log) -> Result<()> {
    let sysroot = rooms.out.join("sysroot");
    log.run(
        context
            .make(&linux.path, &rooms.work.join("headers"))
            .arg(format!("ARCH={arch}"))
            .arg(format!("INSTALL_HDR_PATH={}", sysroot.display()))
            .arg("headers_install"),
    )
}

/// What the compiler's specs call the folder that the program `gcc` in `bin/` names.
const SYSROOT: &str = "TINYRUST_SYSROOT";

/// `bin/`: a compiler that takes its library and headers from here, and Debian's binutils.
fn compiler(context: &Context, musl: &Tree, prefix: &str, rooms: &Rooms, log: &Log) -> Result<()> {
    let cc = context.cc()?;
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
        Runtime::Libgcc => copy(&unwinder(cc)?, &library.join("libunwind.a"), 0o644)?,
        Runtime::CompilerBuiltins => {
            let built = compiler_rt::build(context, rooms.work, log)?;
            copy(&built, &library.join("libgcc.a"), 0o644)?;
            specs = with_runtime(&specs, &movable(&format!("/{SYSROOT}/lib/libgcc.a")))?;
            // GCC's unwinder is for the other CPU as well: who unwinds is told by the linker.
            let ar = format!("{}ar", cc.prefix);
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
    let (gcc, flags) = (format!("{}gcc", cc.prefix), cc.cflags.join(" "));
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
        .context("musl's specs for the compiler have no *libgcc")?;
    let (_, after) = after.split_once('\n').unwrap_or_default();
    Ok(format!("{before}{own}{library}\n{after}"))
}

/// GCC's own unwinder, static.
fn unwinder(cc: &Cc) -> Result<PathBuf> {
    let unwinder = output(
        tool(format!("{}gcc", cc.prefix))
            .args(&cc.cflags)
            .arg("-print-file-name=libgcc_eh.a"),
    )?;
    let unwinder = PathBuf::from(unwinder.trim());
    ensure!(
        unwinder.is_absolute(),
        "{}gcc has no libgcc_eh.a",
        cc.prefix
    );
    Ok(unwinder)
}

/// Links a static program with the new compiler.
fn probe(gcc: &Path, work: &Path, log: &Log) -> Result<()> {
    fs::write(work.join("probe.c"), "int main(void) { return 0; }\n")?;
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
    fn the_machine_is_the_prefix_without_its_dash() {
        assert_eq!(
            machine("arm-linux-gnueabihf-").unwrap(),
            "arm-linux-gnueabihf"
        );
        assert_eq!(
            machine("/opt/x/mipsel-linux-gnu-").unwrap(),
            "mipsel-linux-gnu"
        );
        assert!(machine("arm-none-eabi-").is_err());
    }

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
