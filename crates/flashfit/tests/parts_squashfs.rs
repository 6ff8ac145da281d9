//! Which bytes of which block each file of a squashfs has, in images that mksquashfs made: files put
//! together from their spans are the files that went in.

mod common;

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use common::contents::{are_of, files};
use common::{Scratch, noise, text};
use flashfit::parts::{self, OtherKind};

/// A tree with files of all sizes around a block, holes, links and duplicates.
fn tree(scratch: &Scratch) {
    scratch.write(
        "root/usr/bin/server",
        [text(1, 300_000), noise(2, 100_001)].concat(),
    );
    scratch.write("root/usr/bin/busybox", text(3, 512 << 10));
    scratch.write("root/usr/bin/copy", text(3, 512 << 10));
    for length in [1, 4095, 4096, 4097, 131_072, 1 << 20, (1 << 20) + 1] {
        scratch.write(&format!("root/sizes/{length}"), text(length as u64, length));
    }
    for n in 0..700 {
        scratch.write(
            &format!("root/etc/conf.d/{n}"),
            text(10 + n, 20 + n as usize),
        );
    }
    scratch.write("root/etc/empty", "");
    let holes = [
        &text(5, 8192)[..],
        &[0; 600_000],
        &noise(6, 5000),
        &[0; 300_000],
    ]
    .concat();
    scratch.write("root/holes", holes);
    File::create(scratch.path("root/hole"))
        .unwrap()
        .set_len(3 << 20)
        .unwrap();
    fs::hard_link(
        scratch.path("root/usr/bin/busybox"),
        scratch.path("root/usr/bin/ash"),
    )
    .unwrap();
    symlink("busybox", scratch.path("root/usr/bin/sh")).unwrap();
    scratch.tool("mkfifo", &["root/etc/pipe"]);
    let mut deep = "root".to_owned();
    for n in 0..40 {
        deep = format!("{deep}/folder-{n}");
    }
    scratch.write(&format!("{deep}/file"), "at the end");
}

/// Every combination of a compressor, a block size and other options.
fn all_forms(compressor: &str) {
    let scratch = Scratch::new();
    tree(&scratch);
    let sizes = ["4K", "128K", "1M"];
    let others: [&[&str]; 4] = [
        &[],
        &["-no-fragments", "-no-exports", "-no-xattrs", "-nopad"],
        &["-tailends", "-noI", "-noF"],
        &["-noD", "-no-duplicates", "-no-sparse"],
    ];
    for (size, other) in sizes
        .iter()
        .flat_map(|size| others.map(|other| (size, other)))
    {
        let options = [&["-comp", compressor, "-b", size], other].concat();
        scratch.mksquashfs("root", "image", &options);
        let image = fs::read(scratch.path("image")).unwrap();
        let part = parts::of(&image).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(part.range, 0..image.len());
        let files = files(&part);
        are_of(&image, files, &scratch.path("root"));
        // Between the first data and the last there is nothing else.
        for pair in files.blocks.windows(2) {
            assert_eq!(pair[0].range.end, pair[1].range.start, "{options:?}");
        }
        // The superblock, and the compressor's options.
        assert!((96..128).contains(&files.blocks[0].range.start));
        assert!(files.padding < 4096);
    }
}

#[test]
fn xz() {
    all_forms("xz");
}

#[test]
fn lzma() {
    all_forms("lzma");
}

#[test]
fn gzip() {
    all_forms("gzip");
}

#[test]
fn zstd() {
    all_forms("zstd");
}

#[test]
fn lz4() {
    all_forms("lz4");
}

#[test]
fn lzo() {
    all_forms("lzo");
}

#[test]
fn the_same_data_has_the_same_spans() {
    let scratch = Scratch::new();
    tree(&scratch);
    scratch.mksquashfs("root", "image", &["-comp", "xz"]);
    let image = fs::read(scratch.path("image")).unwrap();
    let part = parts::of(&image).unwrap();
    let files = files(&part);
    let spans = |path: &str| {
        &files
            .files
            .iter()
            .find(|file| file.path == path)
            .unwrap()
            .spans
    };
    assert_eq!(spans("/usr/bin/busybox").len(), 4);
    assert_eq!(spans("/usr/bin/busybox"), spans("/usr/bin/ash"));
    assert_eq!(spans("/usr/bin/busybox"), spans("/usr/bin/copy"));
    assert_ne!(spans("/usr/bin/busybox"), spans("/usr/bin/server"));
    assert_eq!((spans("/hole").len(), spans("/etc/empty").len()), (0, 0));
    let other = |path: &str| {
        &files
            .others
            .iter()
            .find(|other| other.path == path)
            .unwrap()
            .kind
    };
    assert_eq!(
        *other("/usr/bin/sh"),
        OtherKind::Symlink("busybox".to_owned())
    );
    assert_eq!(*other("/usr/bin"), OtherKind::Folder);
    assert_eq!(*other("/etc/pipe"), OtherKind::Special);
}
