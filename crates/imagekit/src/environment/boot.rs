//! The commands that start the systems of the map, one after the other until one boots.
//!
//! They prepare what `start` of boards/common/u-boot.env needs: `system`, for people; `slot_arg`,
//! for the kernel's command line; where the kernel is; and `root`.

use std::path::Path;

use anyhow::{Result, bail};
use board::{Board, Partition};

use super::Entry;

/// The file of the image folder that U-Boot starts.
const KERNEL_IMAGE: &str = "kernel.itb";

/// `bootcmd` and what it runs.
///
/// # Errors
/// When a system has nothing to start.
pub(super) fn commands(board: &Board) -> Result<Vec<Entry>> {
    let origin = format!("the boot commands for {}", board.path.display());
    let entry = |name: String, value| Entry {
        name,
        value,
        origin: origin.clone(),
    };
    let slots = board.slots();
    if slots.is_empty() {
        let partitions: Vec<&Partition> = board.partitions.iter().collect();
        let facts = facts(board, &partitions, None)?;
        let value = format!("setenv system The system; setenv slot_arg; {facts}run start");
        return Ok(vec![entry("bootcmd".to_owned(), value)]);
    }
    let names: Vec<&str> = slots.iter().map(|slot| slot.name).collect();
    let mut commands = vec![entry("bootcmd".to_owned(), in_turn(&names))];
    for slot in &slots {
        let name = slot.name;
        let facts = facts(board, &slot.partitions, Some(name))?;
        commands.push(entry(
            format!("boot_{name}"),
            format!("setenv system Slot {name}; setenv slot_arg slot={name}; {facts}run start"),
        ));
    }
    Ok(commands)
}

/// The slot that `slot` names is tried first, then all others: a kernel that is missing or
/// whose checksum is wrong does not start, and the device comes up all the same.
fn in_turn(slots: &[&str]) -> String {
    let first_then_others = |first: &str| {
        let others = slots.iter().filter(|slot| **slot != first);
        let all: Vec<String> = std::iter::once(&first)
            .chain(others)
            .map(|slot| format!("run boot_{slot};"))
            .collect();
        all.join(" ")
    };
    let Some((default, others)) = slots.split_first() else {
        return String::new();
    };
    let default = first_then_others(default);
    if others.is_empty() {
        return default.trim_end_matches(';').to_owned();
    }
    let mut text = String::new();
    for (at, slot) in others.iter().enumerate() {
        let word = if at == 0 { "if" } else { "elif" };
        text += &format!(
            "{word} test \"${{slot}}\" = {slot}; then {} ",
            first_then_others(slot)
        );
    }
    format!("{text}else {default} fi")
}

/// Sets `kernel` and `root` of one system from the map's values.
fn facts(board: &Board, partitions: &[&Partition], slot: Option<&str>) -> Result<String> {
    let of = slot.map(|slot| format!("_{slot}")).unwrap_or_default();
    let kernel = partitions
        .iter()
        .find(|partition| partition.image.as_deref() == Some(Path::new(KERNEL_IMAGE)));
    let Some(kernel) = kernel else {
        let whose = slot.map_or_else(|| "no slot".to_owned(), |slot| format!("slot {slot}"));
        let has: Vec<&str> = partitions.iter().map(|p| p.name.as_str()).collect();
        let line = partitions.first().map_or(1, |partition| partition.line);
        bail!(
            "{}: bootcmd has nothing to start ({whose}): none of {} has image = \
             \"{KERNEL_IMAGE}\"; give the kernel's partition that image, or write a `bootcmd` \
             in the u-boot.env beside it",
            board.at(line),
            has.join(", ")
        );
    };
    let role = layout_name(&kernel.role);
    // What the chip has no address for is read by its offset.
    let kernel = match board.flash.mapped_at {
        Some(_) => format!("setenv kernel ${{{role}_addr{of}}}; "),
        None => format!(
            "setenv kernel_offset ${{{role}_offset{of}}}; setenv kernel_size ${{{role}_size{of}}}; "
        ),
    };
    // Without slots the map's own variable is called `root`.
    let has_root = slot.is_some() && partitions.iter().any(|partition| partition.root);
    let root = has_root.then(|| format!("setenv root ${{root{of}}}; "));
    Ok(kernel + &root.unwrap_or_default())
}

/// A role as [`flashfit::layout::Format::UBootEnv`] spells it.
fn layout_name(role: &str) -> String {
    role.replace('-', "_").to_ascii_lowercase()
}
