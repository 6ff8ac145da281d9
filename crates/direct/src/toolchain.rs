//! The C library and a compiler that uses it: musl for the board's CPU, under Debian's
//! cross compiler.
//!
//! musl is compiled from source with the board's own flags, one way for every CPU. The same
//! compiler then makes busybox and links the Rust programs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
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

/// What a compile needs besides the compiler; linked into `bin/` from Debian's.
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
    let mut key = Key::new("toolchain", 1)
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
        probe(
            &rooms.out.join("bin").join(format!("{prefix}gcc")),
            rooms,
            log,
        )
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

/// `bin/`: a compiler that takes its library and headers from here, and Debian's binutils.
fn compiler(context: &Context, musl: &Tree, prefix: &str, rooms: &Rooms, log: &Log) -> Result<()> {
    let cc = context.cc()?;
    let sysroot = rooms.home.join("sysroot");
    let mut specs = output(
        tool("sh")
            .arg(musl.path.join("tools/musl-gcc.specs.sh"))
            .arg(sysroot.join("include"))
            .arg(sysroot.join("lib"))
            // Nothing is linked dynamically, so the name of the loader says nothing.
            .arg("/lib/ld-musl.so.1"),
    )?;
    let library = rooms.out.join("sysroot/lib");
    match cc.runtime {
        // Rust's std asks the linker for libunwind on static musl; GCC's own unwinder is it.
        Runtime::Libgcc => copy(&unwinder(cc)?, &library.join("libunwind.a"), 0o644)?,
        Runtime::CompilerBuiltins => {
            let built = compiler_rt::build(context, rooms.work, log)?;
            copy(&built, &library.join("libgcc.a"), 0o644)?;
            specs = with_runtime(&specs, &sysroot.join("lib/libgcc.a"))?;
            // GCC's unwinder is for the other CPU as well: who unwinds is told by the linker.
            let ar = format!("{}ar", cc.prefix);
            log.run(tool(ar).arg("rcs").arg(library.join("libunwind.a")))?;
        }
    }
    fs::write(rooms.out.join("musl-gcc.specs"), specs)?;

    let bin = rooms.out.join("bin");
    fs::create_dir(&bin)?;
    let gcc = bin.join(format!("{prefix}gcc"));
    let script = format!(
        "#!/bin/sh\nexec {}gcc {} \"$@\" -specs \"{}/musl-gcc.specs\"\n",
        cc.prefix,
        cc.cflags.join(" "),
        rooms.home.display()
    );
    fs::write(&gcc, script)?;
    fs::set_permissions(&gcc, fs::Permissions::from_mode(0o755))?;
    for name in TOOLS {
        let program = output(
            tool("sh")
                .args(["-c", "command -v \"$0\""])
                .arg(format!("{}{name}", cc.prefix)),
        )?;
        symlink(program.trim(), bin.join(format!("{prefix}{name}")))?;
    }
    Ok(())
}

/// The compiler's specs with another library in libgcc's place.
fn with_runtime(specs: &str, library: &Path) -> Result<String> {
    let own = "*libgcc:\n";
    let (before, after) = specs
        .split_once(own)
        .context("musl's specs for the compiler have no *libgcc")?;
    let (_, after) = after.split_once('\n').unwrap_or_default();
    Ok(format!("{before}{own}{}\n{after}", library.display()))
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

/// Links a static program with a copy of the compiler that looks for everything where it is
/// now: the real one's paths are those of the place it is moved to afterwards.
fn probe(gcc: &Path, rooms: &Rooms, log: &Log) -> Result<()> {
    let (home, out) = (
        rooms.home.display().to_string(),
        rooms.out.display().to_string(),
    );
    let (work, specs) = (rooms.work, rooms.out.join("musl-gcc.specs"));
    let here = |file: &Path| fs::read_to_string(file).map(|text| text.replace(&home, &out));
    fs::write(work.join("musl-gcc.specs"), here(&specs)?)?;
    let script = here(gcc)?.replace(&out, &work.display().to_string());
    fs::write(work.join("gcc"), script)?;
    fs::write(work.join("probe.c"), "int main(void) { return 0; }\n")?;
    log.run(
        tool("sh")
            .current_dir(work)
            .args(["./gcc", "-static", "-o", "probe", "probe.c", "-lunwind"]),
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
    fn another_run_time_takes_libgccs_place_in_the_specs() {
        let specs = "*link_libgcc:\n-L/s/lib\n\n*libgcc:\nlibgcc.a%s\n\n*startfile:\ncrt1.o\n";
        assert_eq!(
            with_runtime(specs, Path::new("/s/lib/libgcc.a")).unwrap(),
            "*link_libgcc:\n-L/s/lib\n\n*libgcc:\n/s/lib/libgcc.a\n\n*startfile:\ncrt1.o\n"
        );
        assert!(with_runtime("*startfile:\ncrt1.o\n", Path::new("/l")).is_err());
    }
}
