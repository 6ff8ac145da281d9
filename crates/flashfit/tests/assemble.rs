//! The content of the chip.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{Scratch, has, noise};

const BOARD: &str = r#"[flash]
size = "64 KiB"
erase-block = "4 KiB"

[[partition]]
name = "boot"
offset = "0 KiB"
size = "16 KiB"
image = "boot.bin"

[[partition]]
name = "env"
offset = "16 KiB"
size = "4 KiB"

[[partition]]
name = "system"
offset = "20 KiB"
size = "40 KiB"
image = "system.bin"
budget = "30_000 B"

[[partition]]
name = "data"
offset = "60 KiB"
size = "4 KiB"
"#;

const ASSEMBLE: [&str; 5] = ["assemble", "board.toml", "images", "-o", "flash.bin"];

fn scratch(boot: usize, system: usize) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("board.toml", BOARD);
    scratch.write("images/boot.bin", noise(1, boot));
    scratch.write("images/system.bin", noise(2, system));
    scratch
}

#[test]
fn images_are_at_their_offsets_and_the_rest_is_erased() {
    let scratch = scratch(10_000, 40 << 10);
    scratch
        .flashfit(&ASSEMBLE)
        .exits(0)
        .prints(&["flash.bin: 65,536 bytes"]);
    let flash = fs::read(scratch.path("flash.bin")).unwrap();
    assert_eq!(flash.len(), 64 << 10);
    assert_eq!(flash[..10_000], noise(1, 10_000));
    assert!(flash[10_000..20 << 10].iter().all(|byte| *byte == 0xff));
    assert_eq!(
        flash[20 << 10..60 << 10],
        noise(2, 40 << 10),
        "it fills its partition"
    );
    assert!(flash[60 << 10..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn without_an_output_it_is_beside_the_images() {
    let scratch = scratch(1, 1);
    scratch
        .flashfit(&["assemble", "board.toml", "images"])
        .exits(0);
    assert_eq!(
        scratch.names("images"),
        ["boot.bin", "flash.bin", "system.bin"]
    );
}

#[test]
fn the_output_is_a_file_like_any_other() {
    let scratch = scratch(1, 1);
    scratch.flashfit(&ASSEMBLE).exits(0);
    let mode = |name: &str| {
        fs::metadata(scratch.path(name))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("flash.bin"), mode("board.toml"));
}

#[test]
fn one_byte_too_many_is_told_and_nothing_is_left() {
    let scratch = scratch(16_385, 1);
    scratch
        .flashfit(&ASSEMBLE)
        .exits(1)
        .says(&["boot: 16,385 bytes, 16,384 allowed (board.toml:8), over by 1: "]);
    assert_eq!(scratch.names("."), ["board.toml", "images"]);
    assert_eq!(scratch.names("images"), ["boot.bin", "system.bin"]);
}

#[test]
fn an_earlier_output_survives_a_failure() {
    let scratch = scratch(16_385, 40_961);
    scratch.write("flash.bin", "earlier");
    let run = scratch.flashfit(&ASSEMBLE).exits(1);
    has(
        &run.stderr(),
        &[
            "boot: ",
            "system: 40,961 bytes, 40,960 allowed (board.toml:19), over by 1",
        ],
    );
    assert_eq!(fs::read(scratch.path("flash.bin")).unwrap(), b"earlier");
    assert_eq!(scratch.names("."), ["board.toml", "flash.bin", "images"]);
}

#[test]
fn every_missing_image_is_named() {
    let scratch = scratch(1, 1);
    fs::remove_file(scratch.path("images/boot.bin")).unwrap();
    fs::remove_file(scratch.path("images/system.bin")).unwrap();
    scratch.folder("images/system.bin");
    scratch.flashfit(&ASSEMBLE).exits(2).says(&[
        "boot: needs images/boot.bin, which does not exist (board.toml:5): build it",
        "system: needs images/system.bin (board.toml:16): it is not a regular file",
    ]);
    assert!(!scratch.path("flash.bin").exists());
}

#[test]
fn the_output_cannot_be_an_input() {
    let scratch = scratch(1, 1);
    scratch
        .flashfit(&[
            "assemble",
            "board.toml",
            "images",
            "-o",
            "images/../images/boot.bin",
        ])
        .exits(2)
        .says(&["is also the image of boot: choose another output with -o"]);
    assert_eq!(fs::read(scratch.path("images/boot.bin")).unwrap().len(), 1);
    scratch
        .flashfit(&["assemble", "board.toml", "images", "-o", "board.toml"])
        .exits(2)
        .says(&["board.toml: is also the flash map: choose another output with -o"]);
    assert_eq!(
        fs::read(scratch.path("board.toml")).unwrap(),
        BOARD.as_bytes()
    );
}

#[test]
fn a_cause_is_told_once() {
    let scratch = scratch(1, 1);
    let run = scratch.flashfit(&[
        "assemble",
        "board.toml",
        "images",
        "-o",
        "nowhere/flash.bin",
    ]);
    let said = run.exits(2).stderr();
    assert_eq!(said.matches("No such file").count(), 1, "{said}");
}

#[test]
fn bad_folders_are_bad_input() {
    let scratch = scratch(1, 1);
    scratch
        .flashfit(&["assemble", "board.toml", "nowhere"])
        .exits(2)
        .says(&["cannot read the image folder nowhere"]);
    scratch
        .flashfit(&[
            "assemble",
            "board.toml",
            "images",
            "-o",
            "nowhere/flash.bin",
        ])
        .exits(2)
        .says(&["nowhere/flash.bin: cannot be written: "]);
    scratch
        .flashfit(&["assemble", "board.toml"])
        .exits(2)
        .says(&["<IMAGES>"]);
    scratch
        .flashfit(&["assemble", "none.toml", "images"])
        .exits(2)
        .says(&["none.toml: cannot be read"]);
}
