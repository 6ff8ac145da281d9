//! `board.toml`: the facts of a board, typed and checked.
//!
//! [`Board::load`] reads the file and rejects unknown keys, sizes without a unit,
//! overlapping or undeclared flash, and slots that differ. It reports all problems at
//! once, each with its `path:line`.
//!
//! flashfit itself needs only `[flash]`, `[[partition]]`, `[[component]]` and
//! `[slot]`. This crate also reads the tables of the builders (`[rust]`, `[cc]`, `[linux]`,
//! `[u-boot]`, `[rootfs]`, `[server]`, `[qemu]`), so that each fact has a single reader. They are
//! optional; [`Board::require`] returns an error that names a missing one.
//!
//! ```
//! let text = r#"
//! [flash]
//! size = "8 MiB"
//! erase-block = "64 KiB"
//!
//! [[partition]]
//! name = "firmware"
//! offset = "0 KiB"
//! size = "8 MiB"
//! image = "firmware.bin"
//! budget = "7_000_000 B"
//! "#;
//! let board = board::Board::parse(text, "board.toml".as_ref())?;
//! assert_eq!(board.partitions[0].allowed().to_string(), "7,000,000");
//! # Ok::<(), board::Error>(())
//! ```

mod accelerator;
mod boot_loader;
mod builder;
pub mod emulator;
mod error;
mod hex;
mod mtdparts;
mod name;
mod parse;
mod qemu;
mod server;
mod slot;
mod tree;
pub mod units;
mod validate;

use std::path::{Path, PathBuf};

pub use boot_loader::{AddressOption, Environment, Medium, UBoot, UBootFile};
pub use builder::{Cc, Compression, Linux, Rootfs, Runtime, Rust};
pub use emulator::Emulator;
pub use error::{Error, Problem};
pub use name::variable;
pub use qemu::{Capability, Qemu, Unsupported};
pub use server::Server;
pub use slot::Slot;
pub use tree::names;

use crate::units::{Address, Bytes, Offset};

/// The version of the board.toml format that this crate reads (`schema = 1`).
pub const SCHEMA: u32 = 1;

/// The file in the image folder that combines all files of `[u-boot]`.
pub const BOOT_IMAGE: &str = "boot.bin";

/// A board: everything in its board.toml.
#[derive(Debug, Clone)]
pub struct Board {
    /// The path of its board.toml, as given.
    pub path: PathBuf,
    /// Whether its map uses hexadecimal numbers; messages then use them too.
    pub hexadecimal: bool,
    /// The board's name; by default, the folder's name.
    pub name: String,
    /// A one-line description.
    pub title: Option<String>,
    /// `[rust]`
    pub rust: Option<Rust>,
    /// `[cc]`
    pub cc: Option<Cc>,
    /// `[linux]`
    pub linux: Option<Linux>,
    /// `[u-boot]`
    pub u_boot: Option<UBoot>,
    /// `[rootfs]`
    pub rootfs: Option<Rootfs>,
    /// `[server]`; if absent, the program in app/ is the server.
    pub server: Option<Server>,
    /// `[qemu]`
    pub qemu: Option<Qemu>,
    /// `[flash]`
    pub flash: Flash,
    /// `[[partition]]`, in the order of their offsets; they cover the chip without
    /// a gap, so a partition's index here is its MTD number.
    pub partitions: Vec<Partition>,
    /// The budget of `[slot]`, for all images of one slot together.
    pub slot_budget: Option<Budget>,
    /// The headroom of a slot below which `check` warns.
    pub slot_headroom_warning: Option<Bytes>,
    /// `[[component]]`, in the order of the file.
    pub components: Vec<Component>,
}

/// The flash chip (`[flash]`).
#[derive(Debug, Clone)]
pub struct Flash {
    /// The chip's name, as the emulator spells it.
    pub chip: Option<String>,
    /// The chip's size.
    pub size: Bytes,
    /// The line of `size`.
    pub size_line: usize,
    /// The erase block; every partition starts and ends on one.
    pub erase_block: Bytes,
    /// The kernel's name for the chip (`mtdparts=<mtd-id>:…`).
    pub mtd_id: Option<String>,
    /// The address at which the processor sees the chip's first byte.
    pub mapped_at: Option<Address>,
    /// The path of the chip's node in the device tree.
    pub dt_node: Option<String>,
    /// `check` warns about partitions and slots with less headroom than this, unless they
    /// have their own `headroom-warning`.
    pub headroom_warning: Option<Bytes>,
}

/// A limit, and its line in board.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The limit.
    pub bytes: Bytes,
    /// The line in board.toml, from 1.
    pub line: usize,
}

/// A part of the chip (`[[partition]]`).
#[derive(Debug, Clone)]
pub struct Partition {
    /// Its name, as in `/proc/mtd`.
    pub name: String,
    /// The line of its `[[partition]]` in board.toml, from 1.
    pub line: usize,
    /// Its number on the device: `/dev/mtd3`, `/dev/mtdblock3`.
    pub mtd: usize,
    /// Its first byte.
    pub offset: Offset,
    /// Its size.
    pub size: Bytes,
    /// The line of `size`.
    pub size_line: usize,
    /// The slot that it belongs to.
    pub slot: Option<String>,
    /// Its role within its slot: the name without the slot's name (`kernel` for
    /// `kernel-a`). Without a slot, the name.
    pub role: String,
    /// The file in the image folder that it holds; without one, it stays erased (0xff).
    pub image: Option<PathBuf>,
    /// Whether it is the root file system (of its slot, if there are slots).
    pub root: bool,
    /// The limit for its image, if it is less than the partition's size.
    pub budget: Option<Budget>,
    /// Its own headroom warning, instead of the chip's.
    pub headroom_warning: Option<Bytes>,
    /// The file system that the device creates in it (`jffs2`); the image leaves it erased.
    pub filesystem: Option<String>,
    /// Whether the running system may not write to it.
    pub read_only: bool,
}

impl Partition {
    /// The first byte after it.
    #[must_use]
    pub fn end(&self) -> Offset {
        Offset(self.offset.0 + self.size.0)
    }

    /// The limit for its image: its budget, else its size.
    #[must_use]
    pub fn allowed(&self) -> Bytes {
        self.budget.map_or(self.size, |budget| budget.bytes)
    }

    /// The line of board.toml that [`allowed`](Self::allowed) comes from.
    #[must_use]
    pub fn allowed_line(&self) -> usize {
        self.budget.map_or(self.size_line, |budget| budget.line)
    }
}

/// A part of an image with its own budget (`[[component]]`).
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The line of its `[[component]]` in board.toml, from 1.
    pub line: usize,
    /// The file in the image folder that it is, or that contains it.
    pub file: PathBuf,
    /// Its path in `file`, a squashfs; its compressed bytes count, and a folder counts with
    /// its whole content. Without a path, the size of `file` counts.
    pub path: Option<String>,
    /// Its limit.
    pub budget: Budget,
    /// Its headroom warning; without one, `check` does not warn.
    pub headroom_warning: Option<Bytes>,
}

impl Board {
    /// Reads and checks a board.toml.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if the file cannot be read, [`Error::Invalid`] with every
    /// problem in it.
    pub fn load(path: impl AsRef<Path>) -> Result<Board, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Board::parse(&text, path)
    }

    /// Checks the text of a board.toml; errors call it `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every problem in it.
    pub fn parse(text: &str, path: &Path) -> Result<Board, Error> {
        let (board, mut problems) = parse::parse(text, path)?;
        problems.extend(validate::problems(&board));
        if problems.is_empty() {
            return Ok(board);
        }
        problems.sort_by_key(|problem| problem.line);
        Err(Error::Invalid {
            path: path.to_owned(),
            problems,
        })
    }

    /// `path:line`, the way errors cite board.toml.
    #[must_use]
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// A size or an offset of the map, as messages show it: `320 KiB`, followed by
    /// `(0x50000)` if the file uses hexadecimal numbers.
    #[must_use]
    pub fn told(&self, bytes: impl Into<u64>) -> String {
        let bytes = Bytes(bytes.into());
        match self.hexadecimal {
            true => format!("{} ({})", bytes.with_unit(), bytes.hex()),
            false => bytes.with_unit(),
        }
    }

    /// A size or an offset as this file writes them, for advice: `"320 KiB"` or
    /// `0x50000`.
    #[must_use]
    pub fn written(&self, bytes: impl Into<u64>) -> String {
        let bytes = Bytes(bytes.into());
        match self.hexadecimal {
            true => bytes.hex(),
            false => format!("\"{}\"", bytes.with_unit()),
        }
    }

    /// A table that the caller requires, as in
    /// `board.require(&board.rust, "rust")`.
    ///
    /// # Errors
    ///
    /// [`Error::MissingTable`] if the file does not have it.
    pub fn require<'a, T>(&self, table: &'a Option<T>, name: &'static str) -> Result<&'a T, Error> {
        table.as_ref().ok_or_else(|| Error::MissingTable {
            path: self.path.clone(),
            table: name,
        })
    }

    /// The partition of that name.
    #[must_use]
    pub fn partition(&self, name: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.name == name)
    }

    /// The partition that holds the boot loader: the one whose image is [`BOOT_IMAGE`].
    #[must_use]
    pub fn boot_partition(&self) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.image.as_deref() == Some(Path::new(BOOT_IMAGE)))
    }

    /// The port on which the device's server answers.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self.server.as_ref().map(|server| server.port);
        port.unwrap_or(server::HTTP_PORT)
    }

    /// The component of that name.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components
            .iter()
            .find(|component| component.name == name)
    }

    /// The slots, in flash order; empty for a board without slots.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot<'_>> {
        slot::slots(&self.partitions)
    }
}
