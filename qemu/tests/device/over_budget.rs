//! A whole build that is over budget stops, says why, and leaves the last good image alone.

use std::path::Path;
use std::process::Command;

use tinyrust_qemu::HostSlot;
use tinyrust_qemu::flash::noise;
use tinyrust_qemu::images::IMAGES_VARIABLE;

use crate::support::images;

crate::tests![
    a_build_over_budget_fails_and_keeps_the_last_image unless another_builder,
];

/// Why nothing can be built in the image folder's place, if so.
fn another_builder() -> Option<String> {
    std::env::var_os(IMAGES_VARIABLE)
        .is_some()
        .then(|| "the images are another builder's".to_owned())
}

fn a_build_over_budget_fails_and_keeps_the_last_image() {
    let _slot = HostSlot::acquire().expect("a host slot");
    let images = images();
    let board = images.board();
    let root = board
        .partitions
        .iter()
        .find(|part| part.root)
        .expect("a root");
    let before = std::fs::read(images.file("flash.bin")).expect("flash.bin");

    // Noise does not compress: with it the root file system is larger than all it may take.
    let overlay = tempfile::tempdir().expect("a folder");
    let folder = overlay.path().join("usr/share");
    std::fs::create_dir_all(&folder).expect("a folder");
    let allowed = usize::try_from(root.allowed().get()).expect("a small chip");
    std::fs::write(folder.join("ballast"), noise(allowed, 6)).expect("ballast");

    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = Command::new(env!("CARGO"))
        .current_dir(package.parent().expect("the repository"))
        .args(["xtask", "image", "--board", &board.name, "--overlay"])
        .arg(overlay.path())
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&build.stderr);
    assert!(!build.status.success(), "{said}");
    for part in [
        &format!("{}: ", root.name),
        "over by",
        &format!("boards/{}/board.toml:{}", board.name, root.allowed_line()),
        "/usr/share/ballast",
        "the previous build is untouched",
    ] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }

    let kept = images
        .path()
        .with_file_name(format!("{}.over-budget", board.name));
    let image = root.image.as_ref().expect("an image");
    let size = std::fs::metadata(kept.join(image))
        .expect("it is kept to be looked at")
        .len();
    assert!(size > root.allowed().get(), "{size}");
    std::fs::remove_dir_all(kept).expect("the test's own");
    let after = std::fs::read(images.file("flash.bin")).expect("flash.bin is still there");
    assert!(before == after, "flash.bin was changed");
}
