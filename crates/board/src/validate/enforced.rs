//! What kernel, boot loader and emulator refuse by themselves, each at a time when it is too late:
//! on the device, or when the emulator starts.

use super::note;
use crate::units::Bytes;
use crate::{Board, Partition, Problem};

const MIB: u64 = 1 << 20;

/// Where the addresses of 32 bits end.
const FOUR_GIB: u64 = 1 << 32;

/// The fewest erase blocks that the kernel mounts a JFFS2 from (jffs2_do_fill_super in
/// fs/jffs2/fs.c).
pub(super) const JFFS2_BLOCKS: u64 = 5;

/// The kernel's command line with the end of its string: COMMAND_LINE_SIZE in each architecture's
/// asm/setup.h, on RISC-V the default of CONFIG_COMMAND_LINE_SIZE.
const COMMAND_LINE: [(&str, usize); 5] = [
    ("arm", 1024),
    ("arm64", 2048),
    ("mips", 4096),
    ("riscv", 1024),
    ("x86", 2048),
];

/// The flash of QEMU's machines, by the emulator's name and the machine's: hw/mips/malta.c and
/// `virt_flash` in hw/arm/virt.c and hw/riscv/virt.c. A file of another size is refused.
const BANKS: [(&str, &str, u64); 5] = [
    ("qemu-system-mipsel", "malta", 4 * MIB),
    ("qemu-system-mips", "malta", 4 * MIB),
    ("qemu-system-aarch64", "virt", 64 * MIB),
    ("qemu-system-arm", "virt", 64 * MIB),
    ("qemu-system-riscv64", "virt", 32 * MIB),
];

/// The largest flash of a PC, which ends where addresses of 32 bits do (FLASH_SIZE_LIMIT in
/// hw/i386/pc_sysfw.c).
const PC_FLASH: u64 = 8 * MIB;

/// Sizes of SPI-NOR chips, by the names of hw/block/m25p80.c in QEMU, in MiB.
const CHIPS: [(&str, u64); 32] = [
    ("en25q64", 8),
    ("gd25q32", 4),
    ("gd25q64", 8),
    ("m25p16", 2),
    ("m25p32", 4),
    ("m25p64", 8),
    ("m25p80", 1),
    ("m25p128", 16),
    ("mx25l1606e", 2),
    ("mx25l3205d", 4),
    ("mx25l6405d", 8),
    ("mx25l12805d", 16),
    ("mx25l12855e", 16),
    ("mx25l25635e", 32),
    ("mx25l25655e", 32),
    ("n25q032", 4),
    ("n25q064", 8),
    ("n25q128", 16),
    ("n25q128a11", 16),
    ("n25q128a13", 16),
    ("n25q256a11", 32),
    ("n25q256a13", 32),
    ("s25fl016k", 2),
    ("s25fl064k", 8),
    ("s25fl256s0", 32),
    ("s25fl256s1", 32),
    ("s25fl512s", 64),
    ("w25q32", 4),
    ("w25q64", 8),
    ("w25q80", 1),
    ("w25q256", 32),
    ("w25x64", 8),
];

/// The rules of others.
pub(super) fn enforced(board: &Board, out: &mut Vec<Problem>) {
    for partition in &board.partitions {
        filesystem(partition, out);
    }
    window(board, out);
    command_line(board, out);
    chip(board, out);
    bank(board, out);
}

/// The least that a partition's file system takes, where the kernel refuses a smaller one.
pub(super) fn least(board: &Board, partition: &Partition) -> Option<u64> {
    let jffs2 = partition.filesystem.as_deref() == Some("jffs2");
    jffs2.then(|| JFFS2_BLOCKS.saturating_mul(board.flash.erase_block.get()))
}

fn filesystem(partition: &Partition, out: &mut Vec<Problem>) {
    let Some(filesystem) = &partition.filesystem else {
        return;
    };
    let name = &partition.name;
    if partition.read_only {
        let message = format!(
            "{name}: the device creates a {filesystem} in it, but the kernel refuses every \
             write to a read-only partition: remove `read-only` or `filesystem`"
        );
        note(out, partition.line, message);
    }
}

/// The processor sees the chip through addresses.
fn window(board: &Board, out: &mut Vec<Problem>) {
    let flash = &board.flash;
    let Some(start) = flash.mapped_at.map(|address| address.0) else {
        return;
    };
    let end = start.checked_add(flash.size.get());
    if start < FOUR_GIB && end.is_none_or(|end| end > FOUR_GIB) {
        let message = format!(
            "flash: mapped at {start:#x}, its {} end past 4 GiB, the limit of 32-bit addresses: \
             correct `mapped-at`",
            board.told(flash.size),
        );
        note(out, flash.size_line, message);
    }
}

/// A chip without a node in the device tree has its map on the kernel's command line.
fn command_line(board: &Board, out: &mut Vec<Problem>) {
    let Some(linux) = board
        .linux
        .as_ref()
        .filter(|_| board.flash.dt_node.is_none())
    else {
        return;
    };
    let limit = COMMAND_LINE.iter().find(|(arch, _)| *arch == linux.arch);
    let length = board.mtdparts().map_or(0, |argument| argument.len());
    if let Some((arch, limit)) = limit.filter(|(_, limit)| length >= *limit) {
        let message = format!(
            "flash: the map takes {length} characters of mtdparts, but the kernel's command \
             line has {limit} on {arch}: shorten names, or name the chip's device tree node in \
             `dt-node`"
        );
        note(out, board.flash.size_line, message);
    }
}

/// A chip that is known has the size that it has.
fn chip(board: &Board, out: &mut Vec<Problem>) {
    let flash = &board.flash;
    let args = board.qemu.iter().flat_map(|qemu| &qemu.args);
    let models = args.filter_map(|argument| {
        let (_, rest) = argument.split_once("fmc-model=")?;
        rest.split(',').next()
    });
    for model in flash.chip.as_deref().into_iter().chain(models) {
        let known = CHIPS.iter().find(|(name, _)| *name == model);
        if let Some((_, mib)) = known.filter(|(_, mib)| flash.size.get() != mib * MIB) {
            let message = format!(
                "flash: {}, but the {model} has {mib} MiB: correct `size` or the chip's name",
                board.told(flash.size)
            );
            note(out, flash.size_line, message);
            return;
        }
    }
}

/// The emulator refuses a file that is not as large as its flash.
fn bank(board: &Board, out: &mut Vec<Problem>) {
    let Some(qemu) = &board.qemu else {
        return;
    };
    let machine = qemu.args.windows(2).find_map(|pair| {
        let named = ["-M", "-machine"].contains(&pair[0].as_str());
        named.then(|| pair[1].split(',').next()).flatten()
    });
    let Some(machine) = machine else {
        return;
    };
    let flash = &board.flash;
    let size = qemu.pad_to.unwrap_or(flash.size);
    let bank = BANKS
        .iter()
        .find(|(binary, name, _)| *binary == qemu.binary && *name == machine);
    if let Some((_, _, bank)) = bank.filter(|(_, _, bank)| size.get() != *bank) {
        let message = format!(
            "flash: {} for the emulator, but the flash of its machine {machine} has {}: {}",
            board.told(size),
            board.told(*bank),
            match flash.size.get() < *bank {
                true => format!("write pad-to = {} in [qemu]", board.written(*bank)),
                false => "make the map smaller".to_owned(),
            }
        );
        note(out, flash.size_line, message);
    }
    let pc = qemu.binary == "qemu-system-x86_64" && ["q35", "pc"].contains(&machine);
    if !pc {
        return;
    }
    if size.get() > PC_FLASH {
        let message = format!(
            "flash: {} for the emulator, but a PC has at most {} of flash: make the map smaller",
            board.told(size),
            board.told(Bytes(PC_FLASH)),
        );
        note(out, flash.size_line, message);
    }
    let start = FOUR_GIB.saturating_sub(size.get());
    if let Some(other) = flash.mapped_at.filter(|address| address.0 != start) {
        let message = format!(
            "flash: mapped at {other}, but the flash of a PC ends at 4 GiB: write mapped-at = \
             {start:#x}"
        );
        note(out, flash.size_line, message);
    }
}
