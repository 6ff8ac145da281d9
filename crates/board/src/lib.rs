//! `board.toml`: the facts of a board, typed and checked.
//!
//! [`Board::load`] reads the file and refuses what cannot be: unknown keys, sizes
//! without a unit, overlapping or undeclared flash, slots that differ. Every problem
//! it finds is reported at once, each with its `path:line`.
//!
//! flashfit itself needs only `[flash]`, `[[partition]]`, `[[component]]` and
//! `[slot]`. The tables of the builders (`[rust]`, `[cc]`, `[linux]`, `[u-boot]`,
//! `[rootfs]`, `[server]`, `[qemu]`) are typed here as well, so that a fact has one reader, and are
//! all optional; [`Board::require`] turns an absent one into an error that names it.
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

/// The file of the image folder that all files of `[u-boot]` are put into.
pub const BOOT_IMAGE: &str = "boot.bin";

/// A board: everything in its board.toml.
#[derive(Debug, Clone)]
pub struct Board {
    /// The board.toml it was read from, as it was given.
    pub path: PathBuf,
    /// Whether its map is written in hexadecimal; messages then are as well.
    pub hexadecimal: bool,
    /// The board's name; the folder's name where the file does not say.
    pub name: String,
    /// One line for people.
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
    /// `[server]`; absent: the program in app/ is the server.
    pub server: Option<Server>,
    /// `[qemu]`
    pub qemu: Option<Qemu>,
    /// `[flash]`
    pub flash: Flash,
    /// `[[partition]]`, in the order of their offsets; they cover the chip without
    /// a gap, so a partition's index here is its MTD number.
    pub partitions: Vec<Partition>,
    /// The budget of `[slot]`: what all images of one slot may take together.
    pub slot_budget: Option<Budget>,
    /// The headroom under which a slot is warned about.
    pub slot_headroom_warning: Option<Bytes>,
    /// `[[component]]`, in the order of the file.
    pub components: Vec<Component>,
}

/// The flash chip (`[flash]`).
#[derive(Debug, Clone)]
pub struct Flash {
    /// The chip's name; what an emulator calls it.
    pub chip: Option<String>,
    /// The chip's size.
    pub size: Bytes,
    /// The line of `size`.
    pub size_line: usize,
    /// The unit in which the chip is erased; every partition starts and ends on one.
    pub erase_block: Bytes,
    /// What the kernel calls the chip (`mtdparts=<mtd-id>:…`).
    pub mtd_id: Option<String>,
    /// Where the processor sees the chip's first byte.
    pub mapped_at: Option<Address>,
    /// The path of the chip's node in the device tree.
    pub dt_node: Option<String>,
    /// Partitions and slots with less headroom than this are warned about, unless
    /// they have a `headroom-warning` of their own.
    pub headroom_warning: Option<Bytes>,
}

/// What something may take, and the line of board.toml that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most it may take.
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
    /// What it is within its slot: the name without the slot's (`kernel` of
    /// `kernel-a`). Without a slot, the name.
    pub role: String,
    /// The file in the image folder that it holds; absent: it is left erased (0xff).
    pub image: Option<PathBuf>,
    /// Whether it is the root file system (of its slot, where there are slots).
    pub root: bool,
    /// What its image may take, where that is less than the partition's size.
    pub budget: Option<Budget>,
    /// The headroom under which it is warned about, in place of the chip's.
    pub headroom_warning: Option<Bytes>,
    /// The file system the device makes in it, for one that is left erased (`jffs2`).
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

    /// The most its image may take: its budget, else its size.
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

/// A part of an image with a budget of its own (`[[component]]`).
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The line of its `[[component]]` in board.toml, from 1.
    pub line: usize,
    /// The file in the image folder that it is or that it lies in.
    pub file: PathBuf,
    /// Its path in `file`, which then is a squashfs: its compressed bytes count. A
    /// folder counts with everything in it. Absent: the size of `file` counts.
    pub path: Option<String>,
    /// What it may take.
    pub budget: Budget,
    /// The headroom under which it is warned about; absent: never.
    pub headroom_warning: Option<Bytes>,
}

impl Board {
    /// Reads and checks a board.toml.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] where the file cannot be read, [`Error::Invalid`] with every
    /// problem in it.
    pub fn load(path: impl AsRef<Path>) -> Result<Board, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Board::parse(&text, path)
    }

    /// Checks the text of a board.toml; `path` is what errors call it.
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

    /// A size or an offset of the map, the way messages tell it: `320 KiB`, and beside it
    /// `(0x50000)` where the file writes hexadecimal numbers.
    #[must_use]
    pub fn told(&self, bytes: impl Into<u64>) -> String {
        let bytes = Bytes(bytes.into());
        match self.hexadecimal {
            true => format!("{} ({})", bytes.with_unit(), bytes.hex()),
            false => bytes.with_unit(),
        }
    }

    /// A size or an offset the way this file writes them, for advice on what to write:
    /// `"320 KiB"` or `0x50000`.
    #[must_use]
    pub fn written(&self, bytes: impl Into<u64>) -> String {
        let bytes = Bytes(bytes.into());
        match self.hexadecimal {
            true => bytes.hex(),
            false => format!("\"{}\"", bytes.with_unit()),
        }
    }

    /// A table that the caller cannot do without, as in
    /// `board.require(&board.rust, "rust")`.
    ///
    /// # Errors
    ///
    /// [`Error::MissingTable`] where the file does not have it.
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

    /// The slots, in the order of the flash; empty for a board without.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot<'_>> {
        slot::slots(&self.partitions)
    }
}
