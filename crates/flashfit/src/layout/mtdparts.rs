//! `mtdparts=`: drivers/mtd/parsers/cmdlinepart.c in Linux, cmd/mtdparts.c in U-Boot.

use super::Error;
use board::Board;

pub(super) fn render(board: &Board) -> Result<String, Error> {
    let Some(id) = &board.flash.mtd_id else {
        return Err(Error::NoMtdId {
            path: board.path.clone(),
        });
    };
    let parts: Vec<String> = board
        .partitions
        .iter()
        .map(|partition| {
            let size = number(partition.size.get());
            let offset = number(partition.offset.get());
            let read_only = if partition.read_only { "ro" } else { "" };
            format!("{size}@{offset}({}){read_only}", partition.name)
        })
        .collect();
    Ok(format!("mtdparts={id}:{}\n", parts.join(",")))
}

/// Both parsers take `k` for 1,024 bytes and plain numbers for bytes.
fn number(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(1024) {
        format!("{}k", bytes / 1024)
    } else {
        bytes.to_string()
    }
}
