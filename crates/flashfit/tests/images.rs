//! Images that are no images: what every command refuses, and what is measured without being
//! taken apart.

mod common;

use std::fs;

use common::{Scratch, has, noise, text};

const BOARD: &str = r#"name = "sample"

[flash]
size = "1 MiB"
erase-block = "64 KiB"

[[partition]]
name = "kernel"
offset = "0 KiB"
size = "384 KiB"
image = "kernel.itb"

[[partition]]
name = "rootfs"
offset = "384 KiB"
size = "640 KiB"
image = "rootfs"
root = true
"#;

const COMPONENT: &str = r#"
[[component]]
name = "server"
file = "rootfs"
path = "/usr/bin/server"
budget = "200_000 B" # room for TLS
"#;

/// Both commands that use images.
const COMMANDS: [&[&str]; 2] = [
    &["check", "board.toml", "images"],
    &["assemble", "board.toml", "images", "-o", "flash.bin"],
];

/// A folder of images that are right.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("board.toml", format!("{BOARD}{COMPONENT}"));
    scratch.write(
        "root/usr/bin/server",
        [text(1, 20_000), noise(2, 50_000)].concat(),
    );
    scratch.write("root/etc/hostname", "sample\n");
    scratch.folder("images");
    scratch.mksquashfs("root", "images/rootfs", &["-comp", "xz"]);
    scratch.write("vmlinux", text(3, 100_000));
    scratch.write(
        "kernel.its",
        r#"/dts-v1/;
/ {
	description = "kernel";
	images {
		kernel {
			data = /incbin/("vmlinux");
			type = "kernel";
			compression = "none";
		};
	};
};
"#,
    );
    scratch.tool(
        "dtc",
        &[
            "-q",
            "-I",
            "dts",
            "-O",
            "dtb",
            "-o",
            "images/kernel.itb",
            "kernel.its",
        ],
    );
    scratch
}

/// Both commands refuse the images, with the same words.
#[track_caller]
fn both_refuse(scratch: &Scratch, words: &str) {
    for command in COMMANDS {
        scratch.flashfit(command).exits(2).says(&[words]);
        assert!(!scratch.path("flash.bin").exists(), "{command:?}");
    }
}

#[test]
fn images_that_are_whole_are_taken_by_both() {
    let scratch = scratch();
    for command in COMMANDS {
        let run = scratch.flashfit(command).exits(0);
        assert_eq!(run.stderr(), "");
    }
}

#[test]
fn an_empty_image_is_one_that_is_not_there() {
    let scratch = scratch();
    scratch.write("images/kernel.itb", "");
    both_refuse(
        &scratch,
        "kernel: needs images/kernel.itb, which is empty (board.toml:7): build it again, or \
         remove `image` to leave the partition erased",
    );
}

/// It would be waited for until somebody writes.
#[test]
fn a_pipe_is_no_image() {
    let scratch = scratch();
    fs::remove_file(scratch.path("images/kernel.itb")).unwrap();
    scratch.tool("mkfifo", &["images/kernel.itb"]);
    both_refuse(
        &scratch,
        "kernel: needs images/kernel.itb (board.toml:7): it is not a regular file",
    );
}

#[test]
fn an_empty_component_is_one_that_is_not_there() {
    let scratch = scratch();
    let check = COMMANDS[0];
    scratch.write("root/usr/bin/server", "");
    scratch.mksquashfs("root", "images/rootfs", &[]);
    let says = "server: needs /usr/bin/server in images/rootfs (board.toml:20), which is empty: ";
    scratch.flashfit(check).exits(2).says(&[says]);
    fs::remove_file(scratch.path("root/usr/bin/server")).unwrap();
    scratch.folder("root/usr/bin/server");
    scratch.mksquashfs("root", "images/rootfs", &[]);
    scratch.flashfit(check).exits(2).says(&[says]);
}

#[test]
fn an_image_cut_short_is_refused_by_both() {
    let scratch = scratch();
    for (name, who, kind) in [
        ("rootfs", "rootfs", "is a squashfs cut short: "),
        (
            "kernel.itb",
            "kernel",
            "is a FIT image or device tree cut short: ",
        ),
    ] {
        let path = format!("images/{name}");
        let whole = fs::read(scratch.path(&path)).unwrap();
        scratch.write(&path, &whole[..whole.len() - 5000]);
        let line = if who == "kernel" { 7 } else { 13 };
        both_refuse(
            &scratch,
            &format!("{who}: needs {path} (board.toml:{line}), which {kind}"),
        );
        scratch.write(&path, &whole);
    }
}

#[test]
fn a_damaged_squashfs_is_refused_by_both() {
    let scratch = scratch();
    let mut image = fs::read(scratch.path("images/rootfs")).unwrap();
    // The superblock's reference to the root inode.
    image[32..40].fill(0xee);
    scratch.write("images/rootfs", image);
    both_refuse(&scratch, "which is a damaged squashfs");
}

/// A FIT image as `mkimage -E` makes it: the tree says where the data behind it are.
#[test]
fn data_behind_a_fit_image_belong_to_it() {
    let scratch = scratch();
    let tree = |place: &str| {
        let text = format!(
            "/dts-v1/;\n/ {{ images {{ kernel {{ data-size = <1000>; {place} }}; }}; }};\n"
        );
        scratch.write("external.its", text);
        let out = [
            "-q",
            "-I",
            "dts",
            "-O",
            "dtb",
            "-o",
            "external.itb",
            "external.its",
        ];
        scratch.tool("dtc", &out);
        let mut blob = fs::read(scratch.path("external.itb")).unwrap();
        blob.resize(blob.len().next_multiple_of(4), 0);
        blob
    };
    let offset = tree("data-offset = <24>;");
    let position = tree("data-position = <4096>;");
    let ends = [
        (&offset, offset.len() + 24 + 1000),
        (&position, 4096 + 1000),
    ];
    for (blob, end) in ends {
        let mut image = blob.clone();
        image.resize(end, 7);
        scratch.write("images/kernel.itb", &image);
        scratch.flashfit(COMMANDS[1]).exits(0);
        fs::remove_file(scratch.path("flash.bin")).unwrap();
        scratch.write("images/kernel.itb", &image[..end - 1]);
        both_refuse(&scratch, "which is a FIT image or device tree cut short: ");
    }
}

#[test]
fn a_damaged_device_tree_is_refused_by_both() {
    let scratch = scratch();
    let good = fs::read(scratch.path("images/kernel.itb")).unwrap();
    for (at, part) in [
        (8, "its structure lies outside the file"),
        (12, "its strings lie outside the file"),
    ] {
        let mut bad = good.clone();
        bad[at] = 0x7f;
        scratch.write("images/kernel.itb", &bad);
        both_refuse(
            &scratch,
            &format!("is a damaged FIT image or device tree ({part})"),
        );
    }
}

#[test]
fn kinds_with_a_length_are_measured_against_it() {
    let scratch = scratch();
    let header = |magic_at: usize, magic: &[u8], at: usize, length: &[u8]| {
        let mut head = vec![0; 2048];
        head[magic_at..magic_at + magic.len()].copy_from_slice(magic);
        head[at..at + length.len()].copy_from_slice(length);
        head
    };
    let mut erofs = header(1024, b"\xe2\xe1\xf5\xe0", 1024 + 36, &2_u32.to_le_bytes());
    erofs[1024 + 12] = 12;
    let mut ext = header(1080, b"\x53\xef", 1024 + 4, &16_u32.to_le_bytes());
    ext[1024 + 24] = 1;
    let mut zimage = header(0x24, b"\x18\x28\x6f\x01", 0x2c, &5000_u32.to_le_bytes());
    zimage[0x28] = 8;
    let mut bzimage = header(0x202, b"HdrS", 0x1f4, &256_u32.to_le_bytes());
    bzimage[0x1f1] = 3;
    let cases = [
        (
            header(0, b"\x27\x05\x19\x56", 12, &4000_u32.to_be_bytes()),
            4064,
            "a uImage cut short",
        ),
        (
            header(0, b"\x45\x3d\xcd\x28", 4, &4096_u32.to_le_bytes()),
            4096,
            "a cramfs image cut short",
        ),
        (erofs, 8192, "an erofs image cut short"),
        (ext, 16 << 11, "an ext2, ext3 or ext4 image cut short"),
        (zimage, 4992, "a zImage cut short"),
        (bzimage, 4 * 512 + 4096, "a bzImage cut short"),
    ];
    for (mut image, length, kind) in cases {
        image.resize(length - 1, 0);
        scratch.write("images/kernel.itb", &image);
        both_refuse(&scratch, kind);
        image.push(0);
        scratch.write("images/kernel.itb", &image);
        scratch.flashfit(COMMANDS[0]).exits(0);
    }
}

/// What is no squashfs that flashfit reads is measured by its size, and said to be.
#[test]
fn what_cannot_be_taken_apart_is_measured_as_a_whole() {
    let scratch = scratch();
    scratch.write("board.toml", BOARD);
    let mut erofs = vec![0; 4096];
    erofs[1024..1028].copy_from_slice(b"\xe2\xe1\xf5\xe0");
    let images: [(&str, Vec<u8>); 5] = [
        ("an erofs image", erofs),
        ("a cpio archive", b"070701 and so on".to_vec()),
        ("a UBI image", b"UBI#".to_vec()),
        ("a uImage", [&b"\x27\x05\x19\x56"[..], &[0; 60]].concat()),
        ("not a file system that flashfit knows", noise(8, 5000)),
    ];
    scratch.mksquashfs("root", "offset", &["-offset", "4096"]);
    let offset = fs::read(scratch.path("offset")).unwrap();
    let mut compressor = offset[4096..].to_vec();
    compressor[20] = 7;
    let made = [
        ("a squashfs that is compressed with number 7", compressor),
        ("a squashfs that starts at byte 4,096", offset),
    ];
    for (what, content) in images.into_iter().chain(made) {
        scratch.write("board.toml", BOARD);
        scratch.write("images/rootfs", &content);
        let run = scratch.flashfit(COMMANDS[0]).exits(0);
        let warning = format!("warning: rootfs: images/rootfs (board.toml:13) is {what}");
        has(
            &run.stderr(),
            &[&warning, "it lists those of a squashfs of version 4.0"],
        );
        assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
        let used = board::units::Bytes(content.len() as u64).to_string();
        run.prints(&[&used]);
        scratch.flashfit(COMMANDS[1]).exits(0);

        // A component that needs the inside is an error, with what to do.
        scratch.write("board.toml", format!("{BOARD}{COMPONENT}"));
        let says = format!(
            "server: needs /usr/bin/server in images/rootfs (board.toml:20), which is {what}: "
        );
        scratch
            .flashfit(COMMANDS[0])
            .exits(2)
            .says(&[&says, "or remove `path`"]);
    }
}
