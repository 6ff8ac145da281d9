//! Compressed bytes of files, in images that mksquashfs made.

mod common;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use board::units::Bytes;
use common::{Scratch, has, noise, text};
use flashfit::squashfs::{PathError, Squashfs};

/// The forms that builders make: this repository's own, mksquashfs' default, and the
/// other compressors; with what the image says of itself.
const FORMS: [(&str, u64, &[&str]); 7] = [
    (
        "xz",
        1 << 20,
        &["-comp", "xz", "-b", "1M", "-Xbcj", "armthumb"],
    ),
    ("gzip", 128 << 10, &[]),
    ("zstd", 256 << 10, &["-comp", "zstd", "-b", "256K"]),
    ("lz4", 128 << 10, &["-comp", "lz4"]),
    ("lzo", 128 << 10, &["-comp", "lzo"]),
    ("lzma", 128 << 10, &["-comp", "lzma"]),
    (
        "xz",
        128 << 10,
        &[
            "-comp",
            "xz",
            "-no-fragments",
            "-no-exports",
            "-no-xattrs",
            "-nopad",
        ],
    ),
];

/// A tree with everything that counts in its own way.
fn tree(scratch: &Scratch) {
    scratch.write(
        "root/usr/bin/server",
        [text(1, 300_000), noise(2, 100_001)].concat(),
    );
    scratch.write("root/usr/bin/busybox", text(3, 512 << 10));
    scratch.write("root/usr/bin/copy", text(3, 512 << 10));
    fs::hard_link(
        scratch.path("root/usr/bin/busybox"),
        scratch.path("root/usr/bin/ash"),
    )
    .unwrap();
    for n in 0..9 {
        scratch.write(
            &format!("root/etc/conf.d/{n}"),
            text(10 + n, 700 + 31 * n as usize),
        );
    }
    scratch.write("root/etc/empty", "");
    let sparse = File::create(scratch.path("root/etc/sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    symlink("usr/bin", scratch.path("root/bin")).unwrap();
    symlink("busybox", scratch.path("root/usr/bin/sh")).unwrap();
}

fn read(path: &Path) -> Squashfs {
    Squashfs::read(File::open(path).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn on_flash(image: &Squashfs, path: &str) -> u64 {
    image.content(path).unwrap().on_flash.get()
}

#[test]
fn files_metadata_and_padding_are_the_image() {
    let scratch = Scratch::new();
    tree(&scratch);
    for (compressor, block_size, options) in FORMS {
        scratch.mksquashfs("root", "image", options);
        let image = read(&scratch.path("image"));
        assert_eq!(image.compressor, compressor);
        assert_eq!(image.block_size, Bytes(block_size));
        let own: Bytes = image.files.iter().map(|file| file.own()).sum();
        let length = fs::metadata(scratch.path("image")).unwrap().len();
        assert_eq!(
            own.get() + image.metadata.get() + image.padding.get(),
            length,
            "{options:?}"
        );
        assert_eq!(image.size, Bytes(length));
        // A superblock of 96 bytes, inodes, and a directory of 20 names at the least.
        assert!(
            (200..4_000).contains(&image.metadata.get()),
            "{options:?}: {}",
            image.metadata
        );
        let padding = image.padding.get();
        assert!(if options.contains(&"-nopad") {
            padding == 0
        } else {
            padding < 4096
        });
        let raw = |path| image.content(path).unwrap().raw;
        assert_eq!(raw("/usr/bin/server"), Bytes(400_001));
        assert_eq!(raw("/etc/sparse"), Bytes(3 << 20));
        assert_eq!(image.files.len(), 15);
    }
}

/// The independent measure: with inodes stored as they are, an image in which the data
/// are compressed differs from one in which they are not by what the data differ.
#[test]
fn compressed_bytes_are_what_compression_saves() {
    let scratch = Scratch::new();
    let content = [text(1, 3_000_000), noise(2, 100_001)].concat();
    scratch.write("root/server", &content);
    let plain = [
        "-noI",
        "-noX",
        "-no-fragments",
        "-nopad",
        "-no-xattrs",
        "-mkfs-time",
        "0",
    ];
    for options in [
        &["-comp", "xz", "-b", "1M"][..],
        &["-comp", "gzip"],
        &["-comp", "zstd"],
    ] {
        let options = [options, &plain].concat();
        scratch.mksquashfs("root", "small", &options);
        scratch.mksquashfs("root", "large", &[&options[..], &["-noD"]].concat());
        let size = |name| fs::metadata(scratch.path(name)).unwrap().len();
        let small = read(&scratch.path("small"));
        let server = small.content("/server").unwrap();
        assert!(server.exact);
        assert_eq!(
            size("large") - size("small"),
            content.len() as u64 - server.on_flash.get()
        );
        assert_eq!(
            on_flash(&read(&scratch.path("large")), "/server"),
            content.len() as u64
        );
    }
}

#[test]
fn a_file_with_blocks_of_its_own_is_exact_and_one_in_a_shared_fragment_is_not() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.mksquashfs("root", "image", &["-comp", "gzip"]);
    let image = read(&scratch.path("image"));
    // 512 KiB are four blocks without a rest.
    assert!(image.content("/usr/bin/busybox").unwrap().exact);
    assert!(!image.content("/etc/conf.d/1").unwrap().exact);
    assert!(image.content("/etc/empty").unwrap().exact);
    scratch.mksquashfs("root", "image", &["-comp", "gzip", "-no-fragments"]);
    let image = read(&scratch.path("image"));
    assert!(image.files.iter().all(|file| file.exact));
}

#[test]
fn a_fragment_is_divided_by_length() {
    let scratch = Scratch::new();
    // Noise does not compress, so each file's part is its length.
    scratch.write("root/one", noise(1, 1000));
    scratch.write("root/three", noise(2, 3000));
    scratch.mksquashfs("root", "image", &["-comp", "gzip"]);
    let image = read(&scratch.path("image"));
    assert_eq!(
        (on_flash(&image, "/one"), on_flash(&image, "/three")),
        (1000, 3000)
    );
    assert!(!image.content("/one").unwrap().exact);

    fs::remove_file(scratch.path("root/three")).unwrap();
    scratch.mksquashfs("root", "image", &["-comp", "gzip"]);
    let alone = read(&scratch.path("image")).content("/one").unwrap();
    assert!(alone.exact, "a fragment of its own is not divided");
}

#[test]
fn what_is_stored_once_counts_once() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.mksquashfs("root", "image", &["-comp", "xz"]);
    let image = read(&scratch.path("image"));
    let file = |path: &str| {
        image
            .files
            .iter()
            .find(|file| file.path == path)
            .unwrap()
            .clone()
    };
    let first = file("/usr/bin/ash");
    assert!(first.shared == Bytes(0) && first.on_flash.get() > 0);
    for other in ["/usr/bin/busybox", "/usr/bin/copy"] {
        let other = file(other);
        assert_eq!((other.on_flash, other.own()), (first.on_flash, Bytes(0)));
        assert_eq!(other.shared_with.as_deref(), Some("/usr/bin/ash"));
    }
    // A component is measured with all it needs, also where another path has it too.
    assert_eq!(on_flash(&image, "/usr/bin/copy"), first.on_flash.get());
    let folder = on_flash(&image, "/usr/bin");
    assert_eq!(
        folder,
        first.on_flash.get() + file("/usr/bin/server").on_flash.get()
    );
}

#[test]
fn holes_take_nothing() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.mksquashfs("root", "image", &["-comp", "xz"]);
    let image = read(&scratch.path("image"));
    assert_eq!(on_flash(&image, "/etc/sparse"), 0);
    assert_eq!(on_flash(&image, "/etc/empty"), 0);
}

#[test]
fn a_folder_is_everything_in_it_and_no_more() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.write("root/etc/conf.data", noise(5, 10_000));
    scratch.mksquashfs("root", "image", &["-comp", "gzip"]);
    let image = read(&scratch.path("image"));
    let parts: u64 = (0..9)
        .map(|n| on_flash(&image, &format!("/etc/conf.d/{n}")))
        .sum();
    assert_eq!(on_flash(&image, "/etc/conf.d"), parts);
    let raw: usize = (0..9).map(|n| 700 + 31 * n).sum();
    assert_eq!(image.content("/etc/conf.d").unwrap().raw, Bytes(raw as u64));
}

#[test]
fn symlinks_and_absent_paths_are_errors_that_help() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.tool("mkfifo", &["root/etc/pipe"]);
    scratch.mksquashfs("root", "image", &["-comp", "xz"]);
    let image = read(&scratch.path("image"));
    let link = |link: &str, target: &str| {
        Err(PathError::Symlink {
            link: link.to_owned(),
            target: target.to_owned(),
        })
    };
    assert_eq!(image.content("/usr/bin/sh"), link("/usr/bin/sh", "busybox"));
    assert_eq!(image.content("/bin/server"), link("/bin", "usr/bin"));
    assert_eq!(
        image.content("/usr/sbin/server"),
        Err(PathError::Missing {
            near: Some("/usr/bin/server".to_owned())
        })
    );
    assert_eq!(
        image.content("/nothing"),
        Err(PathError::Missing { near: None })
    );
    assert_eq!(image.content("/etc/pipe"), Err(PathError::Special));
}

#[test]
fn what_is_no_squashfs_says_what_it_is() {
    let scratch = Scratch::new();
    tree(&scratch);
    let error = |content: &[u8]| {
        let path = scratch.write("bad", content);
        Squashfs::read(File::open(path).unwrap())
            .unwrap_err()
            .to_string()
    };
    has(&error(b""), &["is not a squashfs"]);
    has(&error(b"hsq"), &["is not a squashfs"]);
    has(&error(&[0xff; 4096]), &["is not a squashfs"]);
    has(&error(b"sqsh"), &["big-endian"]);
    has(&error(b"hsqs and no more"), &["cut short: 16 bytes, 96 "]);
    scratch.mksquashfs("root", "image", &["-comp", "xz"]);
    let good = fs::read(scratch.path("image")).unwrap();
    let short = error(&good[..good.len() / 2]);
    has(&short, &["cut short: ", "according to its superblock"]);
    let mut version = good.clone();
    version[28] = 3;
    has(
        &error(&version),
        &["of version 3.0: flashfit reads version 4.0 with gzip"],
    );
    let mut compressor = good.clone();
    compressor[20] = 7;
    has(&error(&compressor), &["compressed with number 7"]);
}

/// No damage makes the reader panic, and what it still reads adds up.
#[test]
fn damaged_images_are_errors() {
    let scratch = Scratch::new();
    tree(&scratch);
    for (_, _, options) in FORMS {
        scratch.mksquashfs("root", "image", options);
        let good = fs::read(scratch.path("image")).unwrap();
        // The tables are at the end, so that half of the damage is there.
        let places = noise(7, 240);
        let (mut damaged, mut whole) = (0, 0);
        for (round, place) in places.chunks(4).enumerate() {
            let mut bad = good.clone();
            let far = usize::from(place[0]) << 8 | usize::from(place[1]);
            let at = if round % 2 == 0 {
                far % 96
            } else {
                bad.len() - 1 - far % 3000
            };
            bad[at] ^= place[2] | 1;
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bad).unwrap();
            match Squashfs::read(file) {
                Ok(image) => {
                    whole += 1;
                    let own: Bytes = image.files.iter().map(|file| file.own()).sum();
                    let sum = own.get() + image.metadata.get() + image.padding.get();
                    assert_eq!(sum, bad.len() as u64);
                }
                Err(error) => {
                    damaged += 1;
                    assert!(error.to_string().starts_with("is "), "{error}");
                }
            }
        }
        assert!(damaged > 10 && whole > 0, "{damaged} damaged, {whole} read");
    }
}
