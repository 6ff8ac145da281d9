//! The boot loader (`[u-boot]`): its files, and the part of its configuration that depends on the map.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::units::{Address, Bytes, Offset, Written, written};
use crate::{Board, Flash};

/// The boot loader (`[u-boot]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UBoot {
    /// The defconfig under the fragments.
    pub defconfig: String,
    /// The content of the boot partition.
    pub files: Vec<UBootFile>,
    /// The address at which the first file sees the chip, if it differs from the address for
    /// everything after it.
    pub mapped_at: Option<Address>,
    /// Options of U-Boot's configuration that hold the address of one of [`files`](Self::files).
    pub addresses: Vec<AddressOption>,
    /// Where U-Boot keeps its settings; if absent, nowhere.
    pub environment: Option<Environment>,
    /// Third-party firmware that the build includes: the file, by the variable of U-Boot's
    /// `make` that names it (`OPENSBI`).
    pub firmware: BTreeMap<String, PathBuf>,
    /// The Debian packages that contain it.
    pub packages: Vec<String>,
}

impl UBoot {
    /// The address of a file of the boot partition.
    ///
    /// `None` if `files` does not have the file, there is no boot partition, or neither
    /// `[u-boot]` nor `[flash]` gives the chip's address.
    #[must_use]
    pub fn address_of(&self, file: &str, board: &Board) -> Option<Address> {
        let file = self.files.iter().find(|f| f.file.as_os_str() == file)?;
        self.mapped_at
            .or(board.flash.mapped_at)?
            .checked_add(board.boot_partition()?.offset)?
            .checked_add(file.offset)
    }
}

/// A file of the boot loader and its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UBootFile {
    /// Its name in the image folder.
    pub file: PathBuf,
    /// Its path in U-Boot's build folder.
    pub built: PathBuf,
    /// Its place, from the start of the boot partition.
    #[serde(deserialize_with = "written")]
    pub offset: Offset,
}

/// An option of U-Boot's configuration that holds an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOption {
    /// The option, as in a .config: `CONFIG_SPL_LOAD_FIT_ADDRESS`.
    pub option: String,
    /// The file of the boot partition at that address.
    pub file: String,
    /// Its line in board.toml, from 1.
    pub line: usize,
}

/// Where U-Boot keeps its settings (`[u-boot.environment]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The partition, which holds nothing else.
    pub partition: String,
    /// How U-Boot writes to the chip.
    pub medium: Medium,
    /// The number of copies, each in an equal part of the partition. With two, one survives a
    /// power cut while U-Boot writes the other.
    pub copies: u64,
    /// The size of a copy.
    pub size: Bytes,
    /// The unit in which U-Boot erases it; by default, an erase block.
    pub sector: Bytes,
    /// The line of the table in board.toml, from 1.
    pub line: usize,
}

impl Environment {
    /// Where each copy starts.
    #[must_use]
    pub fn offsets(&self, board: &Board) -> Vec<Offset> {
        let Some(partition) = board.partition(&self.partition) else {
            return Vec::new();
        };
        let part = partition.size.0 / self.copies.max(1);
        (0..self.copies)
            .map(|copy| Offset(partition.offset.0 + copy * part))
            .collect()
    }
}

/// How U-Boot reaches the chip to write to it; the names of its `CONFIG_ENV_IS_IN_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// In the processor's memory map.
    Flash,
    /// Over an SPI bus.
    SpiFlash,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawUBoot {
    defconfig: String,
    files: Vec<UBootFile>,
    mapped_at: Option<Address>,
    #[serde(default)]
    addresses: BTreeMap<String, Spanned<String>>,
    environment: Option<Spanned<RawEnvironment>>,
    #[serde(default)]
    firmware: BTreeMap<String, PathBuf>,
    #[serde(default)]
    packages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawEnvironment {
    partition: String,
    #[serde(rename = "in")]
    medium: Medium,
    copies: u64,
    size: Written<Bytes>,
    sector: Option<Written<Bytes>>,
}

impl RawUBoot {
    /// The table with its lines, `line` of a byte of the file.
    pub(super) fn read(self, flash: &Flash, line: &dyn Fn(usize) -> usize) -> UBoot {
        let environment = self.environment.map(|raw| {
            let line = line(raw.span().start);
            let raw = raw.into_inner();
            Environment {
                partition: raw.partition,
                medium: raw.medium,
                copies: raw.copies,
                size: raw.size.0,
                sector: raw.sector.map_or(flash.erase_block, |sector| sector.0),
                line,
            }
        });
        let addresses = self.addresses.into_iter().map(|(option, file)| {
            let line = line(file.span().start);
            AddressOption {
                option,
                file: file.into_inner(),
                line,
            }
        });
        UBoot {
            defconfig: self.defconfig,
            files: self.files,
            mapped_at: self.mapped_at,
            addresses: addresses.collect(),
            environment,
            firmware: self.firmware,
            packages: self.packages,
        }
    }
}
