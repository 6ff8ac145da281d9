//! The tables that builders read: flashfit hands them on and checks their form.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::units::{Address, Bytes, written};

/// How Rust programs are compiled (`[rust]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rust {
    /// The target triple.
    pub target: String,
    /// The size profile, a table of app/profiles.toml.
    pub profile: String,
    /// The allocator, a feature of the app.
    pub allocator: String,
    /// Flags for every rustc call for the target, in their order.
    #[serde(default)]
    pub rustflags: Vec<String>,
}

/// The C compiler (`[cc]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cc {
    /// What stands before `gcc`, `ld` and so on: `arm-linux-gnueabihf-`.
    pub prefix: String,
    /// The Debian packages that bring it.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The CPU's flags for code that runs in user space, in their order.
    #[serde(default)]
    pub cflags: Vec<String>,
    /// Where the compiler's run-time functions come from.
    #[serde(default)]
    pub runtime: Runtime,
}

/// The library of functions that compiled code calls where the CPU has no instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// The compiler's own.
    #[default]
    Libgcc,
    /// Rust's, for the Rust target's ABI: where the compiler's own is for a CPU with an FPU and
    /// the board's has none.
    CompilerBuiltins,
}

/// The kernel (`[linux]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Linux {
    /// The kernel's name of the architecture (`ARCH=`).
    pub arch: String,
    /// The make target that the fragments are laid on: `tinyconfig` or a defconfig.
    pub base: String,
    /// The image that is built: a make target, and a file under `arch/<arch>/boot` or, as
    /// `vmlinux` and MIPS' `vmlinuz`, at the top of the build folder.
    pub image: String,
    /// How the builder compresses that image for the boot loader, where it is not
    /// compressed already.
    #[serde(default)]
    pub compression: Compression,
    /// Where the boot loader puts the kernel.
    pub load_address: Option<Address>,
    /// Where the kernel is started; absent: where it was put.
    pub entry_address: Option<Address>,
    /// The device tree's source, beside board.toml; absent on machines without one.
    pub dts: Option<PathBuf>,
}

impl Linux {
    /// Where the kernel is started.
    #[must_use]
    pub fn entry(&self) -> Option<Address> {
        self.entry_address.or(self.load_address)
    }
}

/// How a kernel image is compressed in its FIT image; U-Boot's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all: the image unpacks itself.
    #[default]
    None,
    /// The smallest that U-Boot unpacks (`CONFIG_LZMA`).
    Lzma,
}

impl Compression {
    /// The name in board.toml and in a FIT image.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lzma => "lzma",
        }
    }
}

/// The root file system (`[rootfs]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rootfs {
    /// The branch filter of xz, as `mksquashfs -Xbcj` takes it; absent: none.
    pub bcj: Option<String>,
    /// The squashfs block size.
    #[serde(
        default = "largest_squashfs_block",
        deserialize_with = "squashfs_block"
    )]
    pub block_size: Bytes,
}

/// Compression gets better with every doubling, and 1 MiB is where squashfs ends
/// (`SQUASHFS_FILE_MAX_SIZE` in the kernel's squashfs_fs.h).
fn largest_squashfs_block() -> Bytes {
    Bytes(1 << 20)
}

/// A block size that mksquashfs makes and the kernel mounts: a power of two from 4 KiB on.
fn squashfs_block<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let size: Bytes = written(deserializer)?;
    let largest = largest_squashfs_block();
    if size.get().is_power_of_two() && (4096..=largest.get()).contains(&size.get()) {
        return Ok(size);
    }
    Err(D::Error::custom(format!(
        "block-size: {} is no block size of squashfs, which are the powers of two from 4 KiB to {}",
        size.with_unit(),
        largest.with_unit()
    )))
}
