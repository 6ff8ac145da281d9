//! The C library: musl from source with the board's own flags, and GCC's unwinder beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::compiler::{Compiler, prefix_maps};
use crate::context::Context;
use crate::source_trees::Tree;
use buildkit::cache::Rooms;
use buildkit::command::{Log, output, tool};
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;

/// `arm-linux-gnueabihf` of `arm-linux-gnueabihf-`.
pub fn machine(prefix: &str) -> Result<String> {
    let name = prefix.rsplit('/').next().unwrap_or(prefix);
    let machine = name.strip_suffix('-').unwrap_or(name);
    ensure!(
        machine.contains("-linux-gnu"),
        "[cc] prefix = {prefix:?}: write the prefix of one of Debian's Linux compilers, as in \
         \"arm-linux-gnueabihf-\""
    );
    Ok(machine.to_owned())
}

/// Builds the static library and installs it into `sysroot/` of the entry.
pub fn install(
    context: &Context,
    cc: &Compiler,
    musl: &Tree,
    rooms: &Rooms,
    log: &Log,
) -> Result<()> {
    let build = rooms.work.join("musl");
    configure(cc, musl, &["--disable-shared"], &build, log)?;
    log.run(
        tool("make")
            .current_dir(&build)
            .arg(format!("--jobs={}", context.jobs))
            .arg("install")
            .arg(format!("DESTDIR={}", rooms.out.join("sysroot").display())),
    )
}

fn configure(cc: &Compiler, musl: &Tree, kind: &[&str], build: &Path, log: &Log) -> Result<()> {
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
            .arg(format!("--target={}", machine(&cc.prefix)?))
            .args(["--prefix=/", "--disable-wrapper"])
            .args(kind)
            .env("CROSS_COMPILE", &cc.prefix)
            .env("CC", cc.program("gcc"))
            .env("CFLAGS", flags),
    )
}

/// The C library as a shared one, `lib/libc.so` of an entry, which the ladder compares with
/// programs that each bring their own.
pub fn shared_library(
    context: &Context,
    cc: &Compiler,
    musl: &Tree,
    log: &Log,
) -> Result<Made<PathBuf>> {
    let key = Key::new("libc", 1)
        .field("musl", &musl.identity)
        .field("cc", &cc.version)
        .field("prefix", &cc.prefix)
        .field("cflags", cc.cflags.join(" "));
    context.cache.entry("libc", &key, log, |rooms| {
        let build = rooms.work.join("musl");
        configure(cc, musl, &["--disable-static"], &build, log)?;
        let jobs = format!("--jobs={}", context.jobs);
        log.run(
            tool("make")
                .current_dir(&build)
                .args([&jobs, "lib/libc.so"]),
        )?;
        let library = rooms.out.join("lib/libc.so");
        fs::create_dir_all(rooms.out.join("lib"))?;
        copy(&build.join("lib/libc.so"), &library, 0o755)?;
        log.run(
            tool(cc.program("strip"))
                .arg("--strip-unneeded")
                .arg(&library),
        )?;
        // Rust's std asks for GCC's unwinder as a shared library; the static one is found first.
        copy(&unwinder(cc)?, &rooms.out.join("lib/libgcc_s.a"), 0o644)
    })
}

/// GCC's own unwinder, static.
pub fn unwinder(cc: &Compiler) -> Result<PathBuf> {
    let unwinder = output(
        tool(cc.program("gcc"))
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
}
