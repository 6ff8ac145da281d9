//! The commands, a file each: what the command line takes, and what it does.

use std::path::Path;

use anyhow::Context as _;
use flashfit::images::Images;

pub(crate) mod assemble;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod import;
pub(crate) mod layout;
pub(crate) mod report;

fn open(folder: &Path) -> anyhow::Result<Images> {
    Images::open(folder).with_context(|| {
        format!(
            "cannot read the image folder {}; name the one that the build filled",
            folder.display()
        )
    })
}
