//! The map as a table for documentation.

use std::fmt::Write as _;

use board::Board;
use board::units::Bytes;

pub(super) fn render(board: &Board) -> String {
    let mut out = String::from(
        "| MTD | partition | offset (KiB) | size (KiB) | slot | holds | may take (bytes) |\n\
         |---:|---|---:|---:|---|---|---:|\n",
    );
    for partition in &board.partitions {
        let holds = match (&partition.image, &partition.filesystem) {
            (Some(image), _) => format!("`{}`", image.display()),
            (None, Some(filesystem)) => format!("{filesystem}, made by the device"),
            (None, None) => "erased".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {holds} | {} |",
            partition.mtd,
            partition.name,
            kib(partition.offset.get()),
            kib(partition.size.get()),
            partition.slot.as_deref().unwrap_or_default(),
            if partition.image.is_some() {
                partition.allowed().to_string()
            } else {
                String::new()
            },
        );
    }
    let _ = writeln!(
        out,
        "| | **together** | | **{}** | | | |",
        kib(board
            .partitions
            .iter()
            .map(|partition| partition.size)
            .sum::<Bytes>()
            .get())
    );
    out
}

/// KiB with thousands separated; a fraction only where erase blocks are that small.
fn kib(bytes: u64) -> String {
    let whole = Bytes(bytes / 1024).to_string();
    match bytes % 1024 {
        0 => whole,
        rest => format!(
            "{whole}{}",
            format!("{:.3}", rest as f64 / 1024.0).trim_start_matches('0')
        ),
    }
}
