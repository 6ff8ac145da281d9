//! kernel.itb, by the program that Buildroot and bitbake call for it.

use std::path::Path;

use anyhow::Result;
use buildkit::command::SOURCE_DATE_EPOCH;
use imagekit::kernel_fit::{self, Inputs};

use crate::compiler::Compiler;
use crate::context::Context;
use crate::source_trees::Tree;
use crate::uboot::UBoot;

/// Makes the device tree and the FIT image of the kernel in the image folder.
pub fn build(
    context: &Context,
    cc: &Compiler,
    linux: &Tree,
    u_boot: &UBoot,
    images: &Path,
) -> Result<()> {
    let inputs = Inputs {
        images: images.to_owned(),
        board_folder: Some(context.repo.board_folder(&context.board.name)),
        linux: linux.path.clone(),
        cpp: vec![cc.program("gcc"), "-E".to_owned()],
        mkimage: u_boot.mkimage(),
        dtc: "dtc".into(),
        epoch: Some(SOURCE_DATE_EPOCH.to_owned()),
    };
    kernel_fit::build(&context.board, &inputs)
}
