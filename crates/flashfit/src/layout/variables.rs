//! The board's facts as variables of a shell and of make.

use std::fmt::Write as _;
use std::path::Path;

use super::notice;
use board::{Board, variable};

/// Lines that a POSIX shell sources, also under `set -eu`.
pub(super) fn shell(board: &Board) -> String {
    let mut out = format!(
        "# {}\n# shellcheck shell=sh disable=SC2034\n",
        notice(board)
    );
    for (name, value) in facts(board) {
        // Bare words could be meant as commands, says shellcheck; numbers cannot.
        let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let value = if number {
            value
        } else {
            format!("'{}'", value.replace('\'', r"'\''"))
        };
        let _ = writeln!(out, "{name}={value}");
    }
    out
}

/// Lines that make includes.
pub(super) fn make(board: &Board) -> String {
    let mut out = format!("# {}\n", notice(board));
    for (name, value) in facts(board) {
        let value = value
            .replace('$', "$$")
            .replace('#', r"\#")
            .replace('\n', " ");
        let _ = writeln!(out, "{}", format!("{name} := {value}").trim_end());
    }
    out
}

/// Everything in board.toml as names and values, in a fixed order: what [`Format::Sh`] and
/// [`Format::Make`] write down. Lists are separated by spaces, sizes are bytes.
///
/// [`Format::Sh`]: super::Format::Sh
/// [`Format::Make`]: super::Format::Make
#[must_use]
pub fn facts(board: &Board) -> Vec<(String, String)> {
    let mut facts = Facts(Vec::new());
    facts.add("BOARD_NAME", &board.name);
    facts.add_optional("BOARD_TITLE", board.title.as_ref());
    flash(board, &mut facts);
    slots(board, &mut facts);
    builders(board, &mut facts);
    facts.0
}

struct Facts(Vec<(String, String)>);

impl Facts {
    fn add(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.push((name.into(), value.to_string()));
    }

    fn add_optional(&mut self, name: impl Into<String>, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

fn flash(board: &Board, facts: &mut Facts) {
    facts.add("FLASH_SIZE", board.flash.size.get());
    facts.add("FLASH_ERASE_BLOCK", board.flash.erase_block.get());
    facts.add_optional("FLASH_CHIP", board.flash.chip.as_ref());
    facts.add_optional("FLASH_MTD_ID", board.flash.mtd_id.as_ref());
    facts.add_optional("FLASH_MAPPED_AT", board.flash.mapped_at);
    facts.add_optional("FLASH_DT_NODE", board.flash.dt_node.as_ref());
    let names: Vec<&str> = board.partitions.iter().map(|p| p.name.as_str()).collect();
    facts.add("PARTITIONS", names.join(" "));
    for partition in &board.partitions {
        let of = format!("PART_{}", variable(&partition.name));
        facts.add(format!("{of}_NAME"), &partition.name);
        facts.add(format!("{of}_MTD"), partition.mtd);
        facts.add(format!("{of}_OFFSET"), partition.offset.get());
        facts.add(format!("{of}_SIZE"), partition.size.get());
        facts.add_optional(format!("{of}_SLOT"), partition.slot.as_ref());
        facts.add_optional(format!("{of}_IMAGE"), text(partition.image.as_deref()));
        facts.add_optional(
            format!("{of}_BUDGET"),
            partition.budget.map(|b| b.bytes.get()),
        );
        facts.add_optional(format!("{of}_FILESYSTEM"), partition.filesystem.as_ref());
    }
}

fn slots(board: &Board, facts: &mut Facts) {
    let slots = board.slots();
    let names: Vec<&str> = slots.iter().map(|slot| slot.name).collect();
    facts.add("SLOTS", names.join(" "));
    for slot in &slots {
        let of = format!("SLOT_{}", variable(slot.name));
        let names: Vec<&str> = slot.partitions.iter().map(|p| p.name.as_str()).collect();
        facts.add(format!("{of}_PARTITIONS"), names.join(" "));
        facts.add(format!("{of}_SIZE"), slot.size().get());
        facts.add_optional(format!("{of}_ROOT"), slot.root().map(|root| &root.name));
        facts.add_optional(format!("{of}_ROOT_MTD"), slot.root().map(|root| root.mtd));
    }
    facts.add_optional(
        "SLOT_BUDGET",
        board.slot_budget.map(|budget| budget.bytes.get()),
    );
}

fn builders(board: &Board, facts: &mut Facts) {
    if let Some(rust) = &board.rust {
        facts.add("RUST_TARGET", &rust.target);
        facts.add("RUST_PROFILE", &rust.profile);
        facts.add("RUST_ALLOCATOR", &rust.allocator);
        facts.add("RUST_FLAGS", rust.rustflags.join(" "));
    }
    if let Some(cc) = &board.cc {
        facts.add("CC_PREFIX", &cc.prefix);
        facts.add("CC_PACKAGES", cc.packages.join(" "));
        facts.add("CC_FLAGS", cc.cflags.join(" "));
    }
    if let Some(linux) = &board.linux {
        facts.add("LINUX_ARCH", &linux.arch);
        facts.add("LINUX_BASE", &linux.base);
        facts.add("LINUX_IMAGE", &linux.image);
        facts.add("LINUX_COMPRESSION", linux.compression.as_str());
        facts.add_optional("LINUX_LOAD_ADDRESS", linux.load_address);
        facts.add_optional("LINUX_ENTRY_ADDRESS", linux.entry());
        facts.add_optional("LINUX_DTS", text(linux.dts.as_deref()));
    }
    if let Some(u_boot) = &board.u_boot {
        facts.add("U_BOOT_DEFCONFIG", &u_boot.defconfig);
        let files = u_boot
            .files
            .iter()
            .map(|f| format!("{}@{}", f.file.display(), f.offset.hex()));
        facts.add("U_BOOT_FILES", files.collect::<Vec<_>>().join(" "));
        let firmware = &u_boot.firmware;
        let firmware = firmware
            .iter()
            .map(|(name, f)| format!("{name}={}", f.display()));
        let firmware = firmware.collect::<Vec<_>>().join(" ");
        facts.add_optional(
            "U_BOOT_FIRMWARE",
            Some(firmware).filter(|text| !text.is_empty()),
        );
    }
    if let Some(rootfs) = &board.rootfs {
        facts.add("ROOTFS_BCJ", rootfs.bcj.as_deref().unwrap_or_default());
        facts.add("ROOTFS_BLOCK_SIZE", rootfs.block_size.get());
    }
    if let Some(qemu) = &board.qemu {
        facts.add("QEMU_BINARY", &qemu.binary);
        facts.add("QEMU_CONSOLE", &qemu.console);
    }
}

fn text(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}
