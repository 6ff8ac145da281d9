//! What U-Boot needs to know of the map, as lines of its default environment
//! (`CONFIG_DEFAULT_ENV_FILE`).
//!
//! A boot command composes a slot's facts from its name: `bootm ${kernel_addr_a}` with
//! `a` out of `slot`. Numbers are hexadecimal, as U-Boot reads them.

use std::fmt::Write as _;

use super::{mtdparts, notice};
use board::{Board, Partition};

pub(super) fn render(board: &Board) -> String {
    let mut out = format!("# {}\n", notice(board));
    let slots = board.slots();
    if let Some(first) = slots.first() {
        let names: Vec<&str> = slots.iter().map(|slot| slot.name).collect();
        let _ = writeln!(out, "slot={}\nslots={}", first.name, names.join(" "));
    }
    // A chip without a node in the device tree has its map on the kernel's command line, where
    // a boot command puts it as ${mtdparts}.
    if board.flash.dt_node.is_none()
        && let Ok(map) = mtdparts::render(board)
    {
        let _ = write!(out, "mtdparts={map}");
    }
    for partition in &board.partitions {
        if partition.slot.is_some() || (slots.is_empty() && partition.image.is_some()) {
            facts(board, partition, &mut out);
        }
    }
    out
}

fn facts(board: &Board, partition: &Partition, out: &mut String) {
    let role = partition.role.replace('-', "_").to_ascii_lowercase();
    let of = partition
        .slot
        .as_deref()
        .map(|slot| format!("_{slot}"))
        .unwrap_or_default();
    if partition.root {
        let _ = writeln!(out, "root{of}=/dev/mtdblock{}", partition.mtd);
    }
    let address = board
        .flash
        .mapped_at
        .and_then(|base| base.checked_add(partition.offset));
    if let Some(address) = address {
        let _ = writeln!(out, "{role}_addr{of}={address}");
    }
    let _ = writeln!(out, "{role}_offset{of}={}", partition.offset.hex());
    let _ = writeln!(out, "{role}_size{of}={}", partition.size.hex());
}
