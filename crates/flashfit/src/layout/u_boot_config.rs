//! What of U-Boot's configuration follows from the map, as a Kconfig fragment: env/Kconfig,
//! and the addresses that `[u-boot] addresses` names.

use std::fmt::Write as _;

use super::{Error, notice};
use board::units::Address;
use board::{Board, Environment, Medium};

pub(super) fn render(board: &Board) -> Result<String, Error> {
    let u_boot = board.require(&board.u_boot, "u-boot")?;
    let mut out = format!("# {}\n", notice(board));
    if let Some(kept) = &u_boot.environment {
        environment(board, kept, &mut out);
    }
    for wanted in &u_boot.addresses {
        if let Some(address) = u_boot.address_of(&wanted.file, board) {
            let _ = writeln!(out, "{}={address}", wanted.option);
        }
    }
    Ok(out)
}

fn environment(board: &Board, kept: &Environment, out: &mut String) {
    let offsets = kept.offsets(board);
    out.push_str("# CONFIG_ENV_IS_NOWHERE is not set\n");
    let place = match kept.medium {
        Medium::Flash => {
            // An address in the chip does not move with U-Boot to RAM.
            out.push_str("CONFIG_ENV_IS_IN_FLASH=y\n# CONFIG_SYS_RELOC_GD_ENV_ADDR is not set\n");
            "ADDR"
        }
        Medium::SpiFlash => {
            out.push_str("CONFIG_ENV_IS_IN_SPI_FLASH=y\n");
            "OFFSET"
        }
    };
    let size = kept.size.hex();
    let sector = kept.sector.hex();
    let _ = write!(
        out,
        "CONFIG_ENV_SIZE={size}\nCONFIG_ENV_SECT_SIZE={sector}\n"
    );
    out.push_str(match offsets.len() {
        1 => "# CONFIG_SYS_REDUNDAND_ENVIRONMENT is not set\n",
        _ => "CONFIG_SYS_REDUNDAND_ENVIRONMENT=y\n",
    });
    for (offset, suffix) in offsets.into_iter().zip(["", "_REDUND"]) {
        let mapped = board
            .flash
            .mapped_at
            .and_then(|base| base.checked_add(offset));
        let value = match (kept.medium, mapped) {
            (Medium::Flash, Some(address)) => address,
            _ => Address(offset.get()),
        };
        let _ = writeln!(out, "CONFIG_ENV_{place}{suffix}={value}");
    }
}
