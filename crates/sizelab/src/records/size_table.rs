//! What an image takes and may take, as the documents print it.

use anyhow::{Context as _, Result};
use board::Board;
use board::units::Bytes;
use flashfit::table::Table;

use super::budget::{self, Kind};
use super::measurement::Measurement;
use crate::figures::tenths;

/// The budget table. What is used was measured; what is allowed stands in board.toml.
pub fn sizes(board: &Board, measured: &Measurement) -> Result<String> {
    let mut table = Table::new(&["", ">bytes on flash", ">allowed", ">left"]);
    for row in budget::rows(board, measured)? {
        let name = match (row.kind, row.path) {
            (Kind::Slot, _) => format!("**slot {}**", row.name),
            (Kind::Chip, _) => format!("**{}**", row.name),
            (_, Some(path)) => format!("{} (`{path}`)", row.name),
            (_, None) => row.name.to_owned(),
        };
        table.row(&[&name, &row.used, &row.allowed, &row.left()]);
    }
    Ok(table.markdown()
        + &format!(
            "\nAs files: the server {} bytes, `hello` {} bytes (static ELF), the kernel {} bytes. \
             Profile `{}`, Rust {}, {}.\n",
            file(measured, "tinyrust")?,
            file(measured, "hello")?,
            file(measured, "kernel")?,
            measured.profile,
            measured.rustc,
            versions(measured),
        ))
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
        "The server takes **{} bytes on flash**. Kernel, system and server together take \
         **{used}** of the {} bytes in a slot; the chip of {} bytes holds two slots.",
        component("server")?,
        slot.size(),
        board.flash.size,
    );
    if let Some(boot) = &measured.boot {
        text += &format!(
            " In the emulator, the first HTTP 200 arrives **{:.1} s** after power-on, and the server \
             uses **{:.1} MiB** of memory.",
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
        let mut over = measured;
        over.chip = Bytes(board.flash.size.get() + 1000);
        let table = sizes(&board, &over).unwrap();
        assert!(table.contains("| 8,388,608 | -1,000 |"), "{table}");
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
}
