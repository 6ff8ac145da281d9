//! A configuration for genimage whose image equals `flashfit assemble`'s byte for byte:
//! genimage's `flash` image fills what no file covers with 0xff, as erased flash reads.

use std::fmt::Write as _;

use super::notice;
use board::Board;

/// The image's name in genimage's output folder.
const IMAGE: &str = "flash.bin";

pub(super) fn render(board: &Board) -> String {
    let (size, block) = (board.flash.size.get(), board.flash.erase_block.get());
    let mut out = format!(
        "# {}\n\
         flash chip {{\n\tpebsize = {block}\n\tnumpebs = {}\n\tminimum-io-unit-size = 1\n}}\n\n\
         image {IMAGE} {{\n\tflash {{\n\t}}\n\tflashtype = \"chip\"\n",
        notice(board),
        size / block,
    );
    for partition in &board.partitions {
        let _ = write!(
            out,
            "\n\tpartition {} {{\n\t\toffset = {}\n\t\tsize = {}\n",
            partition.name,
            partition.offset.get(),
            partition.size.get(),
        );
        if let Some(image) = &partition.image {
            let _ = writeln!(out, "\t\timage = \"{}\"", image.display());
        }
        out.push_str("\t}\n");
    }
    out.push_str("}\n");
    out
}
