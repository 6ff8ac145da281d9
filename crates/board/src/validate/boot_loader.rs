//! What the boot loader's configuration takes from the map must be in the map.

use super::{is_multiple, note};
use crate::units::Bytes;
use crate::{AddressOption, Board, Environment, Medium, Partition, Problem, UBoot};

/// The rules of `[u-boot]`.
pub(super) fn boot_loader(board: &Board, out: &mut Vec<Problem>) {
    let Some(u_boot) = &board.u_boot else {
        return;
    };
    for address in &u_boot.addresses {
        address_option(board, u_boot, address, out);
    }
    if let Some(environment) = &u_boot.environment {
        copies(board, environment, out);
    }
}

fn address_option(board: &Board, u_boot: &UBoot, wanted: &AddressOption, out: &mut Vec<Problem>) {
    let AddressOption { option, file, line } = wanted;
    let named = option.strip_prefix("CONFIG_").is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    if !named {
        note(
            out,
            *line,
            format!(
                "addresses: `{option}` is not a Kconfig option: write its name as in a .config, \
                 `CONFIG_…`"
            ),
        );
    }
    if !u_boot
        .files
        .iter()
        .any(|f| f.file.as_os_str() == file.as_str())
    {
        let files: Vec<_> = u_boot
            .files
            .iter()
            .map(|f| f.file.to_string_lossy())
            .collect();
        note(
            out,
            *line,
            format!(
                "addresses: {option} is the address of {file}, but `files` has {}: name one of \
                 them",
                files.join(", ")
            ),
        );
    } else if u_boot.address_of(file, board).is_none() {
        note(
            out,
            *line,
            format!(
                "addresses: {option} is the address of {file}, which needs a partition with \
                 image = \"{}\" and [flash] `mapped-at`: add what is missing",
                crate::BOOT_IMAGE
            ),
        );
    }
}

fn copies(board: &Board, environment: &Environment, out: &mut Vec<Problem>) {
    let Environment {
        partition,
        copies,
        size,
        sector,
        line,
        ..
    } = environment;
    let mut note = |message: String| note(out, *line, format!("environment: {message}"));
    if !(1..=2).contains(copies) {
        note(format!("{copies} copies: U-Boot keeps one or two"));
        return;
    }
    if size.0 == 0 || sector.0 == 0 {
        note(
            "size or sector is zero: write the size of a copy, and the size that is erased for \
             it"
            .to_owned(),
        );
        return;
    }
    let block = board.flash.erase_block;
    match environment.medium {
        Medium::Flash if !is_multiple(sector.0, block) => note(format!(
            "sector of {}, but the chip erases {} at once: omit `sector`",
            sector.with_unit(),
            block.with_unit()
        )),
        // A chip of 64 KiB blocks may have 4 KiB sectors as well.
        Medium::SpiFlash if !is_multiple(sector.0, block) && !is_multiple(block.0, *sector) => {
            note(format!(
                "sector of {}, which does not divide the erase block of {}: correct it",
                sector.with_unit(),
                block.with_unit()
            ));
        }
        _ => {}
    }
    if environment.medium == Medium::Flash && board.flash.mapped_at.is_none() {
        note(
            "in = \"flash\", but [flash] has no `mapped-at`: add it, or write in = \"spi-flash\""
                .to_owned(),
        );
    }
    let Some(found) = board.partition(partition) else {
        let names: Vec<_> = board.partitions.iter().map(|p| p.name.as_str()).collect();
        note(format!(
            "no partition `{partition}`, the map has {}: name one that holds nothing else",
            names.join(", ")
        ));
        return;
    };
    if let Some(holds) = other_use(found) {
        note(format!(
            "{partition} ({}) holds {holds}, which U-Boot would erase when it saves a setting: \
             give the environment its own partition",
            board.at(found.line)
        ));
    }
    let part = Bytes(found.size.0 / copies);
    let takes = size.0.div_ceil(sector.0).saturating_mul(sector.0);
    if !is_multiple(found.size.0, Bytes(copies * sector.0)) || takes > part.0 {
        note(format!(
            "{copies} copies of {} in sectors of {} take {}, but {partition} ({}) has {}: give \
             each copy whole sectors",
            size.with_unit(),
            sector.with_unit(),
            Bytes(takes.saturating_mul(*copies)).with_unit(),
            board.at(found.size_line),
            found.size.with_unit()
        ));
    }
}

/// What else a partition is for.
fn other_use(partition: &Partition) -> Option<String> {
    if let Some(image) = &partition.image {
        return Some(image.display().to_string());
    }
    if let Some(slot) = &partition.slot {
        return Some(format!("a part of slot {slot}"));
    }
    let filesystem = partition.filesystem.as_ref()?;
    Some(format!("a {filesystem} of the running system"))
}
