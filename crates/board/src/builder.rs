//! The tables that builders read: flashfit passes them on and checks their form.

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
    /// Flags for every call of rustc for the target, in order.
    #[serde(default)]
    pub rustflags: Vec<String>,
}

/// The C compiler (`[cc]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cc {
    /// The prefix of `gcc`, `ld` and so on: `arm-linux-gnueabihf-`.
    pub prefix: String,
    /// The Debian packages that contain it.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The CPU's flags for code that runs in user space, in order.
    #[serde(default)]
    pub cflags: Vec<String>,
    /// The source of the compiler's run-time functions.
    #[serde(default)]
    pub runtime: Runtime,
}

/// The library of functions that compiled code calls if the CPU lacks an instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// The compiler's own.
    #[default]
    Libgcc,
    /// Rust's, for the Rust target's ABI: if the compiler's own library is for a CPU with an FPU
    /// and the board's has none.
    CompilerBuiltins,
}

/// The kernel (`[linux]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Linux {
    /// The kernel's name for the architecture (`ARCH=`).
    pub arch: String,
    /// The make target under the fragments: `tinyconfig` or a defconfig.
    pub base: String,
    /// The image to build: a make target, and a file under `arch/<arch>/boot` or, like
    /// `vmlinux` and MIPS' `vmlinuz`, at the top of the build folder.
    pub image: String,
    /// How the builder compresses that image for the boot loader, if it is not already
    /// compressed.
    #[serde(default)]
    pub compression: Compression,
    /// The address to which the boot loader loads the kernel.
    pub load_address: Option<Address>,
    /// The address at which the kernel starts; by default, the load address.
    pub entry_address: Option<Address>,
    /// The device tree source, beside board.toml; absent on machines without one.
    pub dts: Option<PathBuf>,
}

impl Linux {
    /// The address at which the kernel starts.
    #[must_use]
    pub fn entry(&self) -> Option<Address> {
        self.entry_address.or(self.load_address)
    }
}

/// How a kernel image is compressed in its FIT image, with U-Boot's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not compressed: the image unpacks itself.
    #[default]
    None,
    /// LZMA, the smallest that U-Boot unpacks (`CONFIG_LZMA`).
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
    /// The branch filter of xz, as for `mksquashfs -Xbcj`; absent for none.
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
        "block-size: {} is not a squashfs block size: write a power of two from 4 KiB to {}",
        size.with_unit(),
        largest.with_unit()
    )))
}
