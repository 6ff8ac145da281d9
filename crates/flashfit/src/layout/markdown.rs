//! The map as a table for documentation.

use board::Board;
use board::units::Bytes;

use crate::table::Table;

pub(super) fn render(board: &Board) -> String {
    let mut table = Table::new(&[
        ">MTD",
        "partition",
        ">offset (KiB)",
        ">size (KiB)",
        "slot",
        "holds",
        ">allowed (bytes)",
    ]);
    for partition in &board.partitions {
        let holds = match (&partition.image, &partition.filesystem) {
            (Some(image), _) => format!("`{}`", image.display()),
            (None, Some(filesystem)) => format!("{filesystem}, created by the device"),
            (None, None) => "erased".to_owned(),
        };
        let allowed = partition.image.as_ref().map(|_| partition.allowed());
        table.row(&[
            &partition.mtd,
            &partition.name,
            &kib(partition.offset.get()),
            &kib(partition.size.get()),
            &partition.slot.as_deref().unwrap_or_default(),
            &holds,
            &allowed.map(|bytes| bytes.to_string()).unwrap_or_default(),
        ]);
    }
    let all = board.partitions.iter().map(|partition| partition.size);
    let all = kib(all.sum::<Bytes>().get());
    table.row(&[&"", &"**total**", &"", &format!("**{all}**")]);
    table.markdown()
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
