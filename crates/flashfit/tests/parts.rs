//! What images consist of, as the real tools make them.

mod common;

use std::fs;
use std::ops::Range;

use bitcost::Codec;
use common::contents::{are_of, files};
use common::{Scratch, has, noise, text};
use flashfit::parts::{self, Content, Part};
use flashfit::report::Kind;

/// The parts within a part.
#[track_caller]
fn within(part: &Part) -> &[Part] {
    match &part.content {
        Content::Parts(parts) => parts,
        other => panic!("{}: {other:?}", part.name),
    }
}

#[track_caller]
fn of(image: &[u8]) -> Part {
    let part = parts::of(image).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(part.range, 0..image.len());
    part
}

/// Name, range and codec of each.
fn outline(parts: &[Part]) -> Vec<(&str, Range<usize>, Option<Codec>)> {
    let codec = |part: &Part| match part.content {
        Content::Packed(codec) => Some(codec),
        _ => None,
    };
    let each = parts.iter();
    each.map(|part| (part.name.as_str(), part.range.clone(), codec(part)))
        .collect()
}

/// The programs that compress a kernel, and what they make.
const COMPRESSORS: [(&[&str], Codec); 7] = [
    (&["gzip", "-9n"], Codec::Gzip),
    (&["xz", "--check=crc32"], Codec::Xz),
    (&["xz", "--format=lzma"], Codec::Lzma),
    (&["zstd", "-19"], Codec::Zstd),
    (&["zstd", "-19", "--no-check"], Codec::Zstd),
    (&["lz4", "-l", "-9"], Codec::Lz4Legacy),
    (&["lz4", "-9"], Codec::Lz4Frame),
];

/// A file compressed by a program.
fn compressed(scratch: &Scratch, program: &[&str], content: &[u8]) -> Vec<u8> {
    scratch.write("raw", content);
    let line = format!("{} -c raw > packed", program.join(" "));
    scratch.tool("sh", &["-c", &line]);
    fs::read(scratch.path("packed")).unwrap()
}

#[test]
fn streams_of_all_compressors() {
    let scratch = Scratch::new();
    for (program, codec) in COMPRESSORS {
        let packed = compressed(&scratch, program, &text(1, 300_000));
        let part = of(&packed);
        assert_eq!(part.content, Content::Packed(codec), "{program:?}");
        has(&part.name, &["-compressed data"]);
    }
}

/// A zImage in a test has what arch/arm/boot/compressed makes: code, the stream, its size.
fn zimage(code: &[u8], stream: &[u8], raw: u32, table: bool) -> Vec<u8> {
    let mut image = code.to_vec();
    let size_at = (code.len() + stream.len()) as u32;
    image.extend(stream);
    image.extend(raw.to_le_bytes());
    image.extend(noise(9, 40));
    let end = image.len() as u32;
    let mut put = |at: usize, word: u32| image[at..at + 4].copy_from_slice(&word.to_le_bytes());
    put(0x24, 0x016f_2818);
    put(0x28, 0);
    put(0x2c, end);
    put(0x30, 0x0403_0201);
    if table {
        put(0x34, 0x4545_4545);
        put(0x38, 0x80);
        put(0x80, 5);
        put(0x84, 0x5a53_4c4b);
        put(0x88, size_at);
    }
    image
}

#[test]
fn the_kernel_within_a_zimage() {
    let scratch = Scratch::new();
    // What the decompressor itself looks for is no stream.
    let magic = b"\xfd7zXZ\0\x28\xb5\x2f\xfd\x02\x21\x4c\x18\x1f\x8b\x5d\0\0";
    let code = [&noise(3, 5000)[..], magic, &noise(4, 1000)].concat();
    for (program, codec) in COMPRESSORS {
        let packed = compressed(&scratch, program, &text(1, 300_000));
        let stream = code.len()..code.len() + packed.len();
        let image = zimage(&code, &packed, 300_000, true);
        let part = of(&image);
        assert_eq!(part.name, "zImage");
        let name = format!("{codec}-compressed kernel");
        // gzip has the unpacked size in itself: with the word behind it there are two.
        let end = stream.end + if codec == Codec::Gzip { 4 } else { 0 };
        let wanted = [
            ("decompressor", 0..stream.start, None),
            (&name, stream.start..end, Some(codec)),
            ("decompressor's data", end..image.len(), None),
        ];
        assert_eq!(outline(within(&part)), wanted, "{program:?}");

        let image = zimage(&code, &packed, 300_000, false);
        let part = of(&image);
        assert_eq!(within(&part)[1].range, stream.start..image.len());
    }
}

/// A device tree by dtc.
fn device_tree(scratch: &Scratch) -> Vec<u8> {
    scratch.write(
        "board.dts",
        "/dts-v1/; / { model = \"router\"; chosen { }; };",
    );
    scratch.tool("dtc", &["-O", "dtb", "-o", "board.dtb", "board.dts"]);
    fs::read(scratch.path("board.dtb")).unwrap()
}

#[test]
fn a_device_tree_behind_a_zimage() {
    let scratch = Scratch::new();
    let packed = compressed(&scratch, &["xz", "--check=crc32"], &text(1, 300_000));
    let mut image = zimage(&noise(3, 5000), &packed, 300_000, true);
    let end = image.len();
    let tree = device_tree(&scratch);
    image.extend(&tree);
    let part = of(&image);
    let wanted = [
        ("zImage", 0..end, None),
        ("device tree", end..end + tree.len(), None),
    ];
    assert_eq!(outline(within(&part)), wanted);
}

#[test]
fn the_kernel_within_a_bzimage() {
    let scratch = Scratch::new();
    for (program, codec) in COMPRESSORS {
        let packed = compressed(&scratch, program, &text(1, 300_000));
        let mut image = noise(5, 512 * 3 + 700);
        let start = image.len();
        image.extend(&packed);
        if codec != Codec::Gzip {
            image.extend(300_000_u32.to_le_bytes());
        }
        let end = image.len();
        image.extend(noise(6, 1000));
        image.resize(image.len().next_multiple_of(16) + 512 - 512, 0);
        image.resize((image.len() - 1536).next_multiple_of(16) + 1536, 0);
        let paragraphs = ((image.len() - 1536) / 16) as u32;
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x1f1, &[2]);
        put(0x1f4, &paragraphs.to_le_bytes());
        put(0x1fe, b"\x55\xaaxxHdrS");
        put(0x206, &0x20f_u16.to_le_bytes());
        put(0x248, &700_u32.to_le_bytes());
        put(0x24c, &((end - start) as u32).to_le_bytes());
        let part = of(&image);
        assert_eq!(part.name, "bzImage");
        let stream = start..start + packed.len();
        let kernel = &outline(within(&part))[1];
        assert_eq!((kernel.1.clone(), kernel.2), (stream, Some(codec)));
    }
}

/// A FIT image with a kernel, a device tree and a root file system.
const FIT: &str = r#"/dts-v1/; / {
    description = "a router"; #address-cells = <1>;
    images {
        kernel-1 {
            description = "Linux 6.12"; data = /incbin/("kernel"); type = "kernel";
            arch = "arm"; os = "linux"; compression = "lzma"; load = <0>; entry = <0>;
            hash-1 { algo = "sha256"; };
        };
        fdt-1 {
            data = /incbin/("board.dtb"); type = "flat_dt"; arch = "arm"; compression = "none";
        };
        rootfs-1 {
            data = /incbin/("rootfs"); type = "filesystem"; arch = "arm"; compression = "none";
        };
    };
    configurations { default = "conf"; conf { kernel = "kernel-1"; fdt = "fdt-1"; }; };
};"#;

#[test]
fn a_fit_by_its_images() {
    let scratch = Scratch::new();
    let kernel = compressed(&scratch, &["xz", "--format=lzma"], &text(1, 300_000));
    scratch.write("kernel", &kernel);
    let tree = device_tree(&scratch);
    scratch.write("root/etc/hostname", "router\n");
    scratch.mksquashfs("root", "rootfs", &["-comp", "xz"]);
    scratch.write("image.its", FIT);
    for external in [
        &[][..],
        &["-E"],
        &["-E", "-B", "1000"],
        &["-E", "-p", "8000"],
    ] {
        scratch.tool(
            "mkimage",
            &[&["-f", "image.its"], external, &["image"]].concat(),
        );
        let image = fs::read(scratch.path("image")).unwrap();
        let part = of(&image);
        assert_eq!(part.name, "FIT image");
        let images = within(&part);
        let names: Vec<&str> = images.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["kernel-1", "fdt-1", "rootfs-1"], "{external:?}");
        assert_eq!(images[0].content, Content::Packed(Codec::Lzma));
        assert_eq!(image[images[0].range.clone()], kernel);
        has(images[0].note.as_deref().unwrap(), &["Linux 6.12, lzma"]);
        assert_eq!(image[images[1].range.clone()], tree);
        has(images[1].note.as_deref().unwrap(), &["device tree"]);
        assert_eq!(images[2].kind, Kind::Filesystem);
        let rootfs = &image[images[2].range.clone()];
        are_of(rootfs, files(&images[2]), &scratch.path("root"));
    }
}

/// A uImage by mkimage.
fn uimage(scratch: &Scratch, kind: &str, compression: &str, files: &str) -> Vec<u8> {
    let options = [
        "-A",
        "mips",
        "-O",
        "linux",
        "-n",
        "Linux-6.12",
        "-a",
        "0",
        "-e",
        "0",
    ];
    let own = ["-T", kind, "-C", compression, "-d", files, "uimage"];
    scratch.tool("mkimage", &[&options[..], &own].concat());
    fs::read(scratch.path("uimage")).unwrap()
}

#[test]
fn a_uimage_and_one_of_several() {
    let scratch = Scratch::new();
    for (program, codec) in COMPRESSORS {
        let packed = compressed(&scratch, program, &text(1, 300_000));
        let compression = match codec {
            Codec::Gzip => "gzip",
            Codec::Lzma => "lzma",
            Codec::Lz4Legacy | Codec::Lz4Frame => "lz4",
            Codec::Zstd => "zstd",
            _ => "none",
        };
        let image = uimage(&scratch, "kernel", compression, "packed");
        let part = of(&image);
        assert_eq!(part.note.as_deref(), Some("Linux-6.12"));
        let wanted = [("kernel", 64..64 + packed.len(), Some(codec))];
        assert_eq!(outline(within(&part)), wanted);
    }
    let sizes = [1001, 2002, 3003];
    for size in sizes {
        scratch.write(&size.to_string(), noise(size as u64, size));
    }
    let image = uimage(&scratch, "multi", "none", "1001:2002:3003");
    let part = of(&image);
    for (index, (part, size)) in within(&part).iter().zip(sizes).enumerate() {
        assert_eq!(part.name, format!("image {index}"));
        assert!(
            image[part.range.clone()] == noise(size as u64, size),
            "{}",
            part.name
        );
    }
}

#[test]
fn jffs2_of_both_endians_and_all_compressors() {
    let scratch = Scratch::new();
    scratch.write("root/etc/config/network", text(1, 3000));
    scratch.write(
        "root/large",
        [&text(2, 100_000)[..], &noise(3, 10_000)].concat(),
    );
    scratch.write(
        "root/holes",
        [&text(5, 8192)[..], &[0; 60_000], &noise(6, 500)].concat(),
    );
    scratch.write("root/empty", "");
    fs::hard_link(scratch.path("root/large"), scratch.path("root/link")).unwrap();
    std::os::unix::fs::symlink("large", scratch.path("root/symlink")).unwrap();
    for endian in ["-l", "-b"] {
        for compressors in [
            &[][..],
            &["-m", "none"],
            &["-X", "lzo", "-x", "zlib", "-x", "rtime"],
        ] {
            for pad in [&[][..], &["--pad=0x80000"]] {
                let options = ["-e", "64KiB", "-r", "root", "-o", "image", endian];
                let options = [&options[..], compressors, pad].concat();
                scratch.tool("mkfs.jffs2", &options);
                let image = fs::read(scratch.path("image")).unwrap();
                let part = of(&image);
                assert_eq!(part.name, "JFFS2", "{options:?}");
                let files = files(&part);
                are_of(&image, files, &scratch.path("root"));
                assert_eq!(files.others.len(), 3);
            }
        }
    }
}

#[test]
fn erofs_plain_inline_chunked_and_compressed() {
    let scratch = Scratch::new();
    for length in [1, 100, 4095, 4096, 4097, 70_000] {
        scratch.write(&format!("root/sizes/{length}"), text(length as u64, length));
    }
    scratch.write(
        "root/large",
        [&text(2, 900_000)[..], &noise(3, 100_000)].concat(),
    );
    scratch.write("root/one-byte", vec![b'x'; 500_000]);
    scratch.write("root/noise", noise(4, 50_000));
    scratch.write("root/empty", "");
    for n in 0..400 {
        scratch.write(&format!("root/many/file-with-a-name-{n}"), text(n, 300));
    }
    fs::hard_link(scratch.path("root/large"), scratch.path("root/link")).unwrap();
    std::os::unix::fs::symlink("large", scratch.path("root/symlink")).unwrap();
    for options in [
        &[][..],
        &["-Enoinline_data"],
        &["-Eforce-inode-extended"],
        &["--chunksize=4096"],
        &["-zlz4hc"],
        &["-zlz4"],
        &["-zlz4hc", "-C65536"],
        &["-zlz4hc", "-Elegacy-compress"],
        &["-zlz4hc", "-Eztailpacking"],
        &["-zlz4hc", "-C16384", "-Eztailpacking"],
    ] {
        let _ = fs::remove_file(scratch.path("image"));
        let own = ["-T0", "image", "root"];
        scratch.tool("mkfs.erofs", &[options, &own].concat());
        let image = fs::read(scratch.path("image")).unwrap();
        let part = parts::of(&image).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(part.name, "erofs");
        are_of(&image, files(&part), &scratch.path("root"));
    }
}

#[test]
fn a_cpio_archive_with_links() {
    let scratch = Scratch::new();
    scratch.write("root/bin/busybox", noise(1, 5001));
    fs::hard_link(
        scratch.path("root/bin/busybox"),
        scratch.path("root/bin/ash"),
    )
    .unwrap();
    scratch.write("root/etc/empty", "");
    fs::hard_link(
        scratch.path("root/etc/empty"),
        scratch.path("root/etc/empty-2"),
    )
    .unwrap();
    scratch.write("root/init", "#!/bin/sh\n");
    std::os::unix::fs::symlink("busybox", scratch.path("root/bin/sh")).unwrap();
    for format in ["newc", "crc"] {
        let line = format!("cd root && find . | cpio --quiet -o -H {format} > ../image");
        scratch.tool("sh", &["-c", &line]);
        let image = fs::read(scratch.path("image")).unwrap();
        let part = of(&image);
        assert_eq!(
            (part.name.as_str(), part.kind),
            ("cpio archive", Kind::Filesystem)
        );
        are_of(&image, files(&part), &scratch.path("root"));
        assert_eq!(files(&part).blocks.len(), 2);
        // As the kernel takes it: two of them.
        let two = [&image[..], &[0; 512], &image].concat();
        let two = of(&two);
        assert_eq!(files(&two).files.len(), 10);
    }
}

#[test]
fn a_squashfs_behind_a_vendor_header() {
    let scratch = Scratch::new();
    scratch.write("root/etc/hostname", "router\n");
    scratch.mksquashfs("root", "rootfs", &["-comp", "xz", "-nopad"]);
    let rootfs = fs::read(scratch.path("rootfs")).unwrap();
    let image = [&noise(1, 777)[..], &rootfs, &noise(2, 100)].concat();
    let part = of(&image);
    let end = 777 + rootfs.len();
    let wanted = [
        ("unknown data", 0..777, None),
        ("squashfs", 777..end, None),
        ("unknown data 2", end..end + 100, None),
    ];
    assert_eq!(outline(within(&part)), wanted);
}

#[test]
fn what_nothing_is_known_of() {
    assert_eq!(of(&noise(1, 100_000)).content, Content::Plain);
    assert_eq!(of(&text(1, 100_000)).content, Content::Plain);
    assert_eq!(of(&[0xff; 100_000]).content, Content::Erased);
    assert_eq!(of(&[]).content, Content::Plain);
    assert_eq!(parts::scan(&[], 65_536).unwrap(), []);
    assert_eq!(parts::scan(&[0xff; 200_000], 65_536).unwrap().len(), 1);
}

/// An environment by mkenvimage, of one copy or of two.
fn environment(scratch: &Scratch, size: &str, options: &[&str]) -> Vec<u8> {
    scratch.write("env.txt", "baudrate=115200\nbootcmd=bootm 0x9f050000\n");
    let own = ["-s", size, "-o", "env", "env.txt"];
    scratch.tool("mkenvimage", &[options, &own].concat());
    fs::read(scratch.path("env")).unwrap()
}

/// A chip of 8 MiB with files at their offsets.
fn chip(files: &[(usize, &[u8])]) -> Vec<u8> {
    let mut chip = vec![0xff; 8 << 20];
    for (at, bytes) in files {
        chip[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    chip
}

#[track_caller]
fn scan(chip: &[u8], erase_block: usize) -> Vec<Part> {
    let parts = parts::scan(chip, erase_block).unwrap_or_else(|error| panic!("{error}"));
    let mut at = 0;
    for part in &parts {
        assert_eq!(part.range.start, at, "{}", part.name);
        at = part.range.end;
    }
    assert_eq!(at, chip.len());
    parts
}

/// Root file systems of a device, the read-only and the writable one.
fn root_filesystems(scratch: &Scratch, options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    scratch.write("root/bin/busybox", text(1, 700_000));
    for n in 0..50 {
        scratch.write(&format!("root/etc/{n}"), text(n, 1000));
    }
    scratch.mksquashfs("root", "rootfs", options);
    scratch.write("data/etc/config/network", text(2, 5000));
    let jffs2 = [
        "-e",
        "64KiB",
        "-r",
        "data",
        "-o",
        "jffs2",
        "-b",
        "--pad=0x20000",
    ];
    scratch.tool("mkfs.jffs2", &jffs2);
    let read = |name| fs::read(scratch.path(name)).unwrap();
    (read("rootfs"), read("jffs2"))
}

/// u-boot, u-boot-env, the firmware of a uImage with a squashfs right behind it and a JFFS2 from the
/// next erase block on, and the radio's calibration in the last one.
#[test]
fn an_openwrt_chip() {
    let scratch = Scratch::new();
    let xz = ["-comp", "xz", "-b", "256K", "-nopad", "-no-xattrs"];
    let (rootfs, jffs2) = root_filesystems(&scratch, &xz);
    compressed(&scratch, &["xz", "--format=lzma"], &text(3, 3_000_000));
    let kernel = uimage(&scratch, "kernel", "lzma", "packed");
    let env = environment(&scratch, "0x10000", &["-b"]);
    let u_boot = noise(4, 150_001);
    let art = noise(5, 65_536);
    let root_at = 0x5_0000 + kernel.len();
    let data_at = (root_at + rootfs.len()).next_multiple_of(65_536);
    let chip = chip(&[
        (0, &u_boot),
        (0x4_0000, &env),
        (0x5_0000, &kernel),
        (root_at, &rootfs),
        (data_at, &jffs2),
        (0x7f_0000, &art),
    ]);
    let parts = scan(&chip, 65_536);
    let data = jffs2.iter().rposition(|byte| *byte != 0xff).unwrap() + 1;
    let root_end = root_at + rootfs.len();
    let mut wanted = vec![
        ("unknown data", 0..u_boot.len()),
        ("erased", u_boot.len()..0x4_0000),
        ("U-Boot environment", 0x4_0000..0x5_0000),
        ("uImage", 0x5_0000..root_at),
        ("squashfs", root_at..root_end),
        ("erased 2", root_end..data_at),
        ("JFFS2", data_at..data_at + data),
        ("erased 3", data_at + data..0x7f_0000),
        ("unknown data 2", 0x7f_0000..8 << 20),
    ];
    if data_at - root_end < 4096 {
        wanted[5].0 = "padding";
        wanted[7].0 = "erased 2";
    }
    // Names and places; a byte of a node may look erased.
    let found = outline(&parts);
    for ((name, range, _), (wanted, place)) in found.iter().zip(&wanted) {
        assert_eq!((name, range.start), (wanted, place.start), "{found:?}");
        assert!(range.end.abs_diff(place.end) <= 4, "{name}: {range:?}");
    }
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    let image = &chip[parts[4].range.clone()];
    are_of(image, files(&parts[4]), &scratch.path("root"));
    let image = &chip[parts[6].range.clone()];
    are_of(image, files(&parts[6]), &scratch.path("data"));
}

/// boot, env, kernel, rootfs and rootfs_data as OpenIPC has them: each in a partition of its own.
#[test]
fn an_openipc_chip() {
    let scratch = Scratch::new();
    let (rootfs, jffs2) = root_filesystems(&scratch, &["-comp", "xz", "-b", "64K"]);
    let packed = compressed(&scratch, &["xz", "--check=crc32"], &text(3, 3_000_000));
    scratch.write("packed", zimage(&noise(3, 9000), &packed, 3_000_000, true));
    let kernel = uimage(&scratch, "kernel", "none", "packed");
    for redundant in [&[][..], &["-r"]] {
        let env = environment(&scratch, "0x10000", redundant);
        let chip = chip(&[
            (0, &noise(4, 200_000)),
            (0x4_0000, &env),
            (0x5_0000, &kernel),
            (0x25_0000, &rootfs),
            (0x75_0000, &jffs2),
        ]);
        // The erase block need not be known.
        for erase_block in [65_536, 4096, 131_072] {
            let parts = scan(&chip, erase_block);
            let found: Vec<(&str, usize)> = parts
                .iter()
                .filter(|part| part.kind != Kind::Free)
                .map(|part| (part.name.as_str(), part.range.start))
                .collect();
            let wanted = [
                ("unknown data", 0),
                ("U-Boot environment", 0x4_0000),
                ("uImage", 0x5_0000),
                ("squashfs", 0x25_0000),
                ("JFFS2", 0x75_0000),
            ];
            assert_eq!(found, wanted);
            let uimage = parts.iter().find(|part| part.name == "uImage").unwrap();
            let zimage = &within(uimage)[0];
            assert_eq!(within(zimage)[1].content, Content::Packed(Codec::Xz));
        }
    }
}

/// One image of each kind.
fn images() -> Vec<Vec<u8>> {
    let scratch = Scratch::new();
    let mut images = Vec::new();
    for compressor in ["gzip", "xz", "lzo"] {
        let (rootfs, jffs2) = root_filesystems(&scratch, &["-comp", compressor, "-b", "64K"]);
        images.extend([rootfs, jffs2]);
    }
    let packed = compressed(&scratch, &["zstd", "-19"], &text(1, 30_000));
    images.push(zimage(&noise(3, 5000), &packed, 30_000, true));
    images.push(uimage(&scratch, "kernel", "zstd", "packed"));
    images.push(uimage(&scratch, "multi", "none", "packed:raw"));
    images.push(environment(&scratch, "0x2000", &["-r"]));
    let line = "cd root && find . | cpio --quiet -o -H newc > ../image";
    scratch.tool("sh", &["-c", line]);
    images.push(fs::read(scratch.path("image")).unwrap());
    scratch.write("kernel", text(1, 30_000));
    device_tree(&scratch);
    scratch.write("image.its", FIT.replace("lzma", "none"));
    scratch.tool("mkimage", &["-E", "-f", "image.its", "image"]);
    images.push(fs::read(scratch.path("image")).unwrap());
    images
}

/// Whatever is read of an image holds together.
fn assert_sound(parts: &[Part], length: usize) {
    let mut at = 0;
    for part in parts {
        assert!(
            part.range.start >= at && part.range.end <= length,
            "{part:?}"
        );
        at = part.range.end;
        let length = part.range.len();
        match &part.content {
            Content::Parts(parts) => assert_sound(parts, length),
            Content::Files(files) => {
                let mut at = 0;
                for block in &files.blocks {
                    assert!(block.range.start >= at && block.range.end <= length);
                    at = block.range.end;
                }
                for span in files.files.iter().flat_map(|file| &file.spans) {
                    assert!(span.offset + span.length <= 1 << 20, "{span:?}");
                    assert!(span.block < files.blocks.len());
                }
            }
            _ => {}
        }
    }
}

mod damaged {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(images);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// Damage is an error or is not seen, and nothing worse.
        #[test]
        fn images_end_in_an_error_at_worst(
            which in any::<prop::sample::Index>(),
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut image = which.get(&IMAGES).clone();
            for (place, value, near) in flips {
                // The headers are at the start, the tables of a squashfs at the end.
                let reach = match near {
                    0 => image.len(),
                    1 => image.len().min(128),
                    _ => image.len().min(3000),
                };
                let at = place.index(reach);
                let at = if near == 3 { image.len() - 1 - at } else { at };
                image[at] = value;
            }
            if let Some(cut) = cut {
                image.truncate(cut.index(image.len()));
            }
            if let Ok(part) = parts::of(&image) {
                prop_assert_eq!(&part.range, &(0..image.len()));
                assert_sound(&[part], image.len());
            }
            if let Ok(parts) = parts::scan(&image, 65_536) {
                assert_sound(&parts, image.len());
                prop_assert_eq!(parts.iter().map(|part| part.range.len()).sum::<usize>(), image.len());
            }
        }
    }

    #[test]
    fn a_cut_image_says_so() {
        for image in IMAGES.iter().filter(|image| image.starts_with(b"hsqs")) {
            let error = parts::of(&image[..image.len() / 2])
                .unwrap_err()
                .to_string();
            has(
                &error,
                &["is a squashfs cut short: ", "according to its header"],
            );
            let mut bad = image.clone();
            // The place of the folders.
            bad[72..80].fill(0x11);
            let error = parts::of(&bad).unwrap_err().to_string();
            has(
                &error,
                &["is a damaged squashfs (its folders lie outside the image)"],
            );
            let chip = [&vec![0xff; 65_536][..], &bad].concat();
            let error = parts::scan(&chip, 65_536).unwrap_err().to_string();
            has(&error, &["is a damaged squashfs at 0x10000 ("]);
        }
    }
}
