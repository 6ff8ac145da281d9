//! The compiler's run-time functions from Rust's compiler_builtins, for a CPU that the
//! compiler's own do not fit.
//!
//! Debian's compiler comes with one libgcc per architecture. Where that is for CPUs with an FPU
//! (mipsel), it lacks what soft-float code calls (`__muldf3`), and what it has passes numbers in
//! registers that are not there (`__floatundidf`). Rust brings the same functions, for the
//! target's own ABI.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::context::Context;
use buildkit::command::{Log, tool};

/// The library is linked by section, so what is not called costs nothing.
const MANIFEST: &str = "\
[package]
name = \"runtime\"
version = \"0.0.0\"
edition = \"2024\"

[lib]
path = \"lib.rs\"
crate-type = [\"staticlib\"]

[profile.release]
opt-level = \"s\"
panic = \"abort\"

[workspace]
";

/// None of the functions panics; the crate they come from has to have somewhere to go. The
/// unwinder of GCC is for the other CPU as well. A backtrace ends before its first frame
/// (`_URC_END_OF_STACK`), as it does without the tables that the size profile leaves out; who
/// unwinds is told by the linker.
pub const SOURCE: &str = "\
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern \"C\" fn _Unwind_Backtrace(_: usize, _: usize) -> u32 {
    5
}

#[unsafe(no_mangle)]
extern \"C\" fn _Unwind_GetIP(_: usize) -> usize {
    0
}

#[unsafe(no_mangle)]
extern \"C\" fn _Unwind_GetCFA(_: usize) -> usize {
    0
}

#[unsafe(no_mangle)]
extern \"C\" fn _Unwind_FindEnclosingFunction(address: usize) -> usize {
    address
}
";

/// Builds the library in the folder `work`, and gives its path.
pub fn build(context: &Context, work: &Path, log: &Log) -> Result<PathBuf> {
    let rust = context.board.require(&context.board.rust, "rust")?;
    let package = work.join("runtime");
    fs::create_dir_all(&package)?;
    fs::write(package.join("Cargo.toml"), MANIFEST)?;
    fs::write(package.join("lib.rs"), SOURCE)?;
    let sysroot = &context.rustc.sysroot;
    let mut flags = rust.rustflags.clone();
    for (from, to) in [(sysroot.as_path(), "/rustc"), (work, "/build")] {
        flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    }
    log.run(
        tool(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(&package)
            .args(["build", "--release", "-Zbuild-std=core"])
            .args(["--target", &rust.target])
            .arg(format!("--jobs={}", context.jobs))
            .env("RUSTC", sysroot.join("bin/rustc"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", package.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")),
    )?;
    let built = package.join("target").join(&rust.target);
    Ok(built.join("release/libruntime.a"))
}
