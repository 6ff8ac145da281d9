//! What an image takes and may take, as the documents print it.

use anyhow::{Context as _, Result};
use board::Board;
use board::units::Bytes;

use crate::figures::tenths;
use crate::records::measurement::Measurement;

/// The budget table. What is used was measured; what is allowed stands in board.toml.
///
/// # Errors
/// When something that is bounded was not measured.
pub fn sizes(board: &Board, measured: &Measurement) -> Result<String> {
    let mut table = String::from("| | bytes on flash | may take | left |\n|---|---:|---:|---:|\n");
    let again = || {
        format!(
            "measured before board.toml was changed; `cargo xtask measure --board {}`",
            board.name
        )
    };
    for partition in board.partitions.iter().filter(|p| p.image.is_some()) {
        let used = measured
            .partitions
            .get(&partition.name)
            .with_context(|| format!("{}: {}", partition.name, again()))?;
        table += &row(&partition.name, *used, partition.allowed());
    }
    for slot in board.slots() {
        let used = measured
            .slots
            .get(slot.name)
            .with_context(|| format!("slot {}: {}", slot.name, again()))?;
        let allowed = board.slot_budget.map_or(slot.size(), |budget| budget.bytes);
        table += &row(&format!("**slot {}**", slot.name), *used, allowed);
    }
    for component in &board.components {
        let used = measured
            .components
            .get(&component.name)
            .with_context(|| format!("{}: {}", component.name, again()))?;
        let place = match &component.path {
            Some(path) => format!("{} (`{path}`)", component.name),
            None => component.name.clone(),
        };
        table += &row(&place, *used, component.budget.bytes);
    }
    table += &row("**chip**", measured.chip, board.flash.size);
    table += &format!(
        "\nAs files: the server {} bytes, `hello` {} bytes (static ELF), the kernel {} bytes. \
         Profile `{}`, Rust {}, {}.\n",
        file(measured, "tinyrust")?,
        file(measured, "hello")?,
        file(measured, "kernel")?,
        measured.profile,
        measured.rustc,
        versions(measured),
    );
    Ok(table)
}

fn row(name: &str, used: Bytes, allowed: Bytes) -> String {
    let left = i128::from(allowed.get()) - i128::from(used.get());
    let sign = if left < 0 { "-" } else { "" };
    let left = Bytes(u64::try_from(left.unsigned_abs()).unwrap_or(u64::MAX));
    format!("| {name} | {used} | {allowed} | {sign}{left} |\n")
}

fn versions(measured: &Measurement) -> String {
    let names = [
        ("linux", "Linux"),
        ("u-boot", "U-Boot"),
        ("busybox", "busybox"),
        ("musl", "musl"),
    ];
    names
        .iter()
        .filter_map(|(name, said)| Some(format!("{said} {}", measured.sources.get(*name)?)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The main figures in a sentence or two.
///
/// # Errors
/// When a figure was not measured.
pub fn headline(board: &Board, measured: &Measurement) -> Result<String> {
    let component = |name: &str| {
        measured
            .components
            .get(name)
            .with_context(|| format!("the measurement has no component {name}"))
    };
    let slot = board.slots();
    let slot = slot.first().context("the board has no slots")?;
    let used = measured
        .slots
        .get(slot.name)
        .with_context(|| format!("the measurement has no slot {}", slot.name))?;
    let mut text = format!(
        "The server takes **{} bytes on flash**, and kernel, system and server together \
         **{used}** of a slot's {}, twice in a chip of {}.",
        component("server")?,
        slot.size(),
        board.flash.size,
    );
    if let Some(boot) = &measured.boot {
        text += &format!(
            " In the emulator the first HTTP 200 comes **{:.1} s** after power-on, from a server \
             of **{:.1} MiB** of memory.",
            tenths(boot.time_to_first_200_ms, 1000),
            tenths(boot.server_rss_bytes, 1 << 20),
        );
    }
    Ok(text + "\n")
}

fn file(measured: &Measurement, name: &str) -> Result<Bytes> {
    measured
        .files
        .get(name)
        .copied()
        .with_context(|| format!("the measurement has no file {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::measurement::Boot;
    use crate::records::measurement::tests::example;
    use buildkit::checkout::{DEFAULT_BOARD, Repo};

    fn board() -> Board {
        Repo::find().unwrap().board(DEFAULT_BOARD).unwrap()
    }

    #[test]
    fn the_table_has_used_allowed_and_left_of_everything_that_is_bounded() {
        let board = board();
        let measured = example();
        let table = sizes(&board, &measured).unwrap();
        let root = board.partition("rootfs-a").unwrap().allowed();
        let left = Bytes(root.get() - 500_000);
        assert!(
            table.contains(&format!("| rootfs-a | 500,000 | {root} | {left} |")),
            "{table}"
        );
        assert!(
            table.contains("| **chip** | 4,200,000 | 8,388,608 |"),
            "{table}"
        );
        assert!(table.contains("Linux 6.12.107"), "{table}");
    }

    #[test]
    fn a_partition_that_was_never_measured_is_an_error_that_says_what_to_do() {
        let mut measured = example();
        measured.partitions.remove("rootfs-a");
        let error = sizes(&board(), &measured).unwrap_err().to_string();
        assert!(
            error.contains("rootfs-a") && error.contains("cargo xtask measure"),
            "{error}"
        );
    }

    #[test]
    fn the_headline_tells_time_and_memory_only_where_they_were_measured() {
        let mut measured = example();
        let text = headline(&board(), &measured).unwrap();
        assert!(
            text.contains("**160,000 bytes on flash**") && !text.contains("MiB"),
            "{text}"
        );
        measured.boot = Some(Boot {
            time_to_first_200_ms: 6301,
            server_rss_bytes: 2 << 20,
        });
        let text = headline(&board(), &measured).unwrap();
        assert!(
            text.contains("**6.4 s**") && text.contains("**2.0 MiB**"),
            "{text}"
        );
    }

    #[test]
    fn what_is_over_is_shown_as_less_than_nothing() {
        assert_eq!(
            row("x", Bytes(1500), Bytes(500)),
            "| x | 1,500 | 500 | -1,000 |\n"
        );
    }
}
