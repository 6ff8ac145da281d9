//! The map as a device-tree node; binding mtd/partitions/fixed-partitions.yaml in Linux.

use std::fmt::Write as _;

use super::notice;
use board::Board;

/// With `dt-node`, a file for the top level of a source, which replaces the map that the
/// included device trees may bring; without, a `partitions` node for inside the chip's.
pub(super) fn render(board: &Board) -> String {
    let mut out = format!("/* {} */\n", notice(board));
    let node = partitions(board);
    match &board.flash.dt_node {
        Some(path) => {
            // A map merges with one of the same name that is there already, node by node.
            let _ = write!(
                out,
                "&{{{path}}} {{\n\t/delete-node/ partitions;\n}};\n\n&{{{path}}} {{\n"
            );
            for line in node.lines() {
                let _ = match line {
                    "" => writeln!(out),
                    line => writeln!(out, "\t{line}"),
                };
            }
            out.push_str("};\n");
        }
        None => out.push_str(&node),
    }
    out
}

fn partitions(board: &Board) -> String {
    let wide = board.flash.size.get() > u64::from(u32::MAX);
    let cells = if wide { 2 } else { 1 };
    let number = |value: u64| {
        if wide {
            format!("{:#x} {:#x}", value >> 32, value & u64::from(u32::MAX))
        } else {
            format!("{value:#x}")
        }
    };
    let mut out = format!(
        "partitions {{\n\tcompatible = \"fixed-partitions\";\n\
         \t#address-cells = <{cells}>;\n\t#size-cells = <{cells}>;\n"
    );
    for partition in &board.partitions {
        let offset = partition.offset.get();
        // A unit address of several cells is written with commas or without; dtc wants
        // the plain number where the bus has no rule of its own.
        let _ = write!(
            out,
            "\n\tpartition@{offset:x} {{\n\t\tlabel = \"{}\";\n\t\treg = <{} {}>;\n{}\t}};\n",
            partition.name,
            number(offset),
            number(partition.size.get()),
            if partition.read_only {
                "\t\tread-only;\n"
            } else {
                ""
            },
        );
    }
    out.push_str("};\n");
    out
}
