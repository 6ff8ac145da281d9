//! The board's image with another builder's server in it, booted.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::job::With;
use crate::records::measurement::{self, Boot};
use buildkit::command::tool;
use direct::context::Context;
use direct::image;
use direct::programs::Wishes;

/// Builds the image, boots it, and says what was measured.
pub fn run(context: &Context, profile: &str, with: With, server: &Path) -> Result<Boot> {
    let wishes = Wishes {
        profile: Some(profile.to_owned()),
        server: Some(server.to_owned()),
        ..Wishes::default()
    };
    image::run(context, &wishes)?;
    let images = context.repo.path("out").join(wishes.output_name(context));
    let status = tool("cargo")
        .current_dir(context.repo.root())
        .args(["run", "--quiet", "--bin", "tinyrust-boot"])
        .args(["--", "--record", "--images"])
        .arg(&images)
        .status()
        .context("cannot run cargo")?;
    ensure!(
        status.success(),
        "{} does not boot with the server from {}",
        context.board.name,
        with.name()
    );
    measurement::boot(&images)?.context("the boot wrote no boot.json")
}
