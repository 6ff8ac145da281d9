//! `mtdparts=`: drivers/mtd/parsers/cmdlinepart.c in Linux, cmd/mtdparts.c in U-Boot.

use crate::Board;

impl Board {
    /// The map as an argument of the kernel's command line; `None` if board.toml does not give the
    /// kernel's name for the chip.
    #[must_use]
    pub fn mtdparts(&self) -> Option<String> {
        let id = self.flash.mtd_id.as_ref()?;
        let parts: Vec<String> = self
            .partitions
            .iter()
            .map(|partition| {
                let size = number(partition.size.get());
                let offset = number(partition.offset.get());
                let read_only = if partition.read_only { "ro" } else { "" };
                format!("{size}@{offset}({}){read_only}", partition.name)
            })
            .collect();
        Some(format!("mtdparts={id}:{}", parts.join(",")))
    }
}

/// Both parsers take `k` for 1,024 bytes and plain numbers for bytes.
fn number(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(1024) {
        format!("{}k", bytes / 1024)
    } else {
        bytes.to_string()
    }
}
