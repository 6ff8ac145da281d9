//! The generated forms, as the tools that read them understand them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use board::Board;
use board::units::Offset;
use common::{Scratch, boards, has, noise};
use flashfit::layout::{self, Format};

/// A map with what the forms differ in: read-only and empty partitions, names with `_`,
/// sizes that are no whole KiB, slots.
const MAP: &str = r#"name = "sample"
title = "It's $5 #1"

[flash]
chip = "sample"
size = "16 KiB"
erase-block = "512 B"
mtd-id = "spi0.0"
mapped-at = 0x2000_0000
dt-node = "/soc/spi@1000/flash@0"

[[partition]]
name = "boot"
offset = "0 KiB"
size = "1536 B"
image = "boot.bin"
read-only = true

[[partition]]
name = "boot_env"
offset = "1536 B"
size = "512 B"

[[partition]]
name = "kernel-1"
slot = "1"
offset = "2 KiB"
size = "3 KiB"
image = "sub/kernel.itb"

[[partition]]
name = "rootfs-1"
slot = "1"
offset = "5 KiB"
size = "4 KiB"
image = "rootfs.squashfs"
root = true
budget = "4_000 B"

[[partition]]
name = "kernel-2"
slot = "2"
offset = "9 KiB"
size = "3 KiB"
image = "sub/kernel.itb"

[[partition]]
name = "rootfs-2"
slot = "2"
offset = "12 KiB"
size = "4 KiB"
image = "rootfs.squashfs"
root = true
budget = "4_000 B"
"#;

fn sample() -> (Scratch, Board) {
    let scratch = Scratch::new();
    let path = scratch.write("board.toml", MAP);
    (scratch, Board::load(path).unwrap())
}

/// The maps of other projects.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Every board of the tree, the maps of other projects and the sample, each with a folder of images that fill their
/// partitions to different degrees.
fn all() -> Vec<(Scratch, Board)> {
    let boards = boards()
        .into_iter()
        .chain(examples())
        .map(|path| fs::read_to_string(path).unwrap());
    let texts = boards.chain([MAP.to_owned()]);
    let made = texts.map(|text| {
        let scratch = Scratch::new();
        let path = scratch.write("board.toml", text);
        let board = Board::load(path).unwrap();
        for (at, partition) in board.partitions.iter().enumerate() {
            if let Some(image) = &partition.image {
                let length = partition.size.get() as usize / (1 + at % 3);
                let name = format!("images/{}", image.display());
                scratch.write(&name, noise(at as u64, length));
            }
        }
        (scratch, board)
    });
    made.collect()
}

#[test]
fn genimage_makes_what_assemble_makes() {
    for (scratch, board) in all() {
        scratch.write(
            "genimage.cfg",
            layout::render(&board, Format::Genimage).unwrap(),
        );
        for folder in ["root", "tmp", "made"] {
            scratch.folder(folder);
        }
        let paths = [
            "--rootpath",
            "root",
            "--tmppath",
            "tmp",
            "--inputpath",
            "images",
        ];
        let files = ["--config", "genimage.cfg", "--outputpath", "made"];
        scratch.tool("genimage", &[&paths[..], &files].concat());
        scratch
            .flashfit(&["assemble", "board.toml", "images", "-o", "flash.bin"])
            .exits(0);
        let theirs = fs::read(scratch.path("made/flash.bin")).unwrap();
        let ours = fs::read(scratch.path("flash.bin")).unwrap();
        assert_eq!(ours.len() as u64, board.flash.size.get());
        assert!(ours == theirs, "{}: the images differ", board.name);
    }
}

/// The nodes that a path is made of, around `inner`.
fn nodes(path: &str, inner: &str) -> String {
    let open: String = path
        .split('/')
        .skip(1)
        .map(|node| format!("{node} {{ "))
        .collect();
    format!(
        "/ {{ {open}{inner}{} }};\n",
        "}; ".repeat(path.matches('/').count())
    )
}

/// Compiles the device tree to board.dtb.
fn compile(scratch: &Scratch, tree: &str) {
    scratch.write("board.dts", tree);
    let arguments = [
        "-q",
        "-I",
        "dts",
        "-O",
        "dtb",
        "-o",
        "board.dtb",
        "board.dts",
    ];
    scratch.tool("dtc", &arguments);
}

#[test]
fn device_trees_take_the_map() {
    // A map that the SoC's own tree brings and that must be gone.
    let old = "partitions { old: u-boot@0 { label = \"old\"; reg = <0 0x60000>; }; };";
    for (scratch, board) in all() {
        let Some(path) = board.flash.dt_node.clone() else {
            continue;
        };
        scratch.write("map.dtsi", layout::render(&board, Format::Dts).unwrap());
        for there in ["", old] {
            let head = format!("/dts-v1/;\n{}", nodes(&path, there));
            compile(&scratch, &format!("{head}/include/ \"map.dtsi\"\n"));
            let partitions = format!("{path}/partitions");
            let list = scratch
                .tool("fdtget", &["-l", "board.dtb", &partitions])
                .stdout();
            assert_eq!(list.lines().count(), board.partitions.len());
            for partition in &board.partitions {
                let node = format!("{partitions}/partition@{:x}", partition.offset.get());
                let get = |kind: &str, property: &str| {
                    scratch
                        .tool("fdtget", &["-t", kind, "board.dtb", &node, property])
                        .stdout()
                };
                assert_eq!(get("s", "label").trim(), partition.name);
                let reg = format!("{} {}", partition.offset.get(), partition.size.get());
                assert_eq!(get("u", "reg").trim(), reg);
            }
        }
    }
}

#[test]
fn a_map_without_a_chip_node_goes_inside_it() {
    let scratch = Scratch::new();
    let text = MAP.replace("dt-node = \"/soc/spi@1000/flash@0\"\n", "");
    let board = Board::parse(&text, "board.toml".as_ref()).unwrap();
    let map = layout::render(&board, Format::Dts).unwrap();
    compile(
        &scratch,
        &format!("/dts-v1/;\n{}", nodes("/spi@0/flash@0", &map)),
    );
    let node = "/spi@0/flash@0/partitions/partition@0";
    let properties = scratch.tool("fdtget", &["-p", "board.dtb", node]).stdout();
    has(&properties, &["label", "reg", "read-only"]);
}

#[test]
fn large_chips_have_two_cells() {
    let scratch = Scratch::new();
    let text = "[flash]\nsize = \"8 GiB\"\nerase-block = \"1 MiB\"\n\
                [[partition]]\nname = \"one\"\noffset = \"0 B\"\nsize = \"5 GiB\"\n\
                [[partition]]\nname = \"two\"\noffset = \"5 GiB\"\nsize = \"3 GiB\"\n";
    let board = Board::parse(text, "board.toml".as_ref()).unwrap();
    let map = layout::render(&board, Format::Dts).unwrap();
    compile(
        &scratch,
        &format!("/dts-v1/;\n{}", nodes("/spi@0/flash@0", &map)),
    );
    let node = "/spi@0/flash@0/partitions/partition@140000000";
    let reg = scratch
        .tool("fdtget", &["-t", "x", "board.dtb", node, "reg"])
        .stdout();
    assert_eq!(reg.trim(), "1 40000000 0 c0000000");
}

#[test]
fn shells_source_the_variables() {
    for (scratch, board) in all() {
        scratch.write("layout.sh", layout::render(&board, Format::Sh).unwrap());
        let script = "set -eu; . ./layout.sh; \
                      echo \"$FLASH_SIZE|$FLASH_ERASE_BLOCK|$SLOTS|${BOARD_TITLE-}\"";
        let printed = scratch.tool("sh", &["-eu", "-c", script]).stdout();
        let slots: Vec<&str> = board.slots().iter().map(|slot| slot.name).collect();
        let expected = format!(
            "{}|{}|{}|{}\n",
            board.flash.size.get(),
            board.flash.erase_block.get(),
            slots.join(" "),
            board.title.as_deref().unwrap_or_default(),
        );
        assert_eq!(printed, expected);
    }
    let (scratch, board) = sample();
    scratch.write("layout.sh", layout::render(&board, Format::Sh).unwrap());
    let script = ". ./layout.sh; echo $PART_BOOT_ENV_OFFSET $PART_KERNEL_2_SIZE \
                  $PART_ROOTFS_1_MTD $SLOT_2_ROOT $SLOT_2_ROOT_MTD $PART_ROOTFS_1_BUDGET";
    let printed = scratch.tool("sh", &["-eu", "-c", script]).stdout();
    assert_eq!(printed, "1536 3072 3 rootfs-2 5 4000\n");
}

#[test]
fn make_includes_the_variables() {
    for (scratch, board) in all() {
        scratch.write("layout.mk", layout::render(&board, Format::Make).unwrap());
        scratch.write(
            "Makefile",
            "include layout.mk\n$(info $(FLASH_SIZE)|$(PARTITIONS)|$(BOARD_TITLE)|$(RUST_FLAGS))\nall:;\n",
        );
        let names: Vec<&str> = board.partitions.iter().map(|p| p.name.as_str()).collect();
        let printed = scratch.tool("make", &["-s"]).stdout();
        let expected = format!(
            "{}|{}|{}|{}",
            board.flash.size.get(),
            names.join(" "),
            board.title.as_deref().unwrap_or_default(),
            board
                .rust
                .as_ref()
                .map(|rust| rust.rustflags.join(" "))
                .unwrap_or_default(),
        );
        assert_eq!(printed.lines().next(), Some(expected.as_str()));
    }
}

#[test]
fn mtdparts_give_each_size_at_its_offset() {
    let (_, board) = sample();
    assert_eq!(
        layout::render(&board, Format::Mtdparts).unwrap(),
        "mtdparts=spi0.0:1536@0(boot)ro,512@1536(boot_env),3k@2k(kernel-1),4k@5k(rootfs-1),\
         3k@9k(kernel-2),4k@12k(rootfs-2)\n"
    );
    for (_, board) in all() {
        if board.flash.mtd_id.is_none() {
            continue;
        }
        let text = layout::render(&board, Format::Mtdparts).unwrap();
        let (_, parts) = text.trim_end().split_once(':').unwrap();
        let mut reached = Offset(0);
        for (part, partition) in parts.split(',').zip(&board.partitions) {
            let (numbers, name) = part.split_once('(').unwrap();
            let (size, offset) = numbers.split_once('@').unwrap();
            assert_eq!(
                (bytes(offset), bytes(size)),
                (reached.get(), partition.size.get())
            );
            assert_eq!(name.split(')').next(), Some(partition.name.as_str()));
            reached = partition.end();
        }
        assert_eq!(reached.get(), board.flash.size.get());
    }
}

/// As memparse() in Linux reads it.
fn bytes(number: &str) -> u64 {
    match number.strip_suffix('k') {
        Some(kib) => kib.parse::<u64>().unwrap() * 1024,
        None => number.parse().unwrap(),
    }
}

#[test]
fn the_boot_loader_finds_each_slot() {
    let (_, board) = sample();
    let text = layout::render(&board, Format::UBootEnv).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for line in [
        "slot=1",
        "slots=1 2",
        "kernel_addr_1=0x20000800",
        "kernel_offset_1=0x800",
        "kernel_size_1=0xc00",
        "root_1=/dev/mtdblock3",
        "kernel_addr_2=0x20002400",
        "root_2=/dev/mtdblock5",
    ] {
        assert!(lines.contains(&line), "no {line} in:\n{text}");
    }
    assert!(
        lines
            .iter()
            .all(|line| line.split_once('=').is_some_and(|(key, _)| !key.is_empty()))
    );
}

/// A chip that the processor and an SPI driver both reach, with the boot loader in a partition
/// that does not start at the chip's first byte.
const BOOT_LOADER: &str = r#"name = "b"
[u-boot]
defconfig = "b_defconfig"
files = [
  { file = "spl.bin", built = "spl/u-boot-spl.bin", offset = "0 B" },
  { file = "main.img", built = "u-boot.img", offset = "2 KiB" },
]
addresses = { CONFIG_SPL_LOAD_FIT_ADDRESS = "main.img" }

[u-boot.environment]
partition = "settings"
in = "flash"
copies = 2
size = "512 B"

[flash]
size = "16 KiB"
erase-block = "1 KiB"
mapped-at = 0x2000_0000

[[partition]]
name = "factory"
offset = "0 KiB"
size = "1 KiB"

[[partition]]
name = "boot"
offset = "1 KiB"
size = "9 KiB"
image = "boot.bin"

[[partition]]
name = "settings"
offset = "10 KiB"
size = "6 KiB"
"#;

fn u_boot_config(text: &str) -> String {
    let board = Board::parse(text, "board.toml".as_ref()).unwrap();
    layout::render(&board, Format::UBootConfig).unwrap()
}

#[test]
fn the_boot_loader_is_configured_for_the_map() {
    assert_eq!(
        u_boot_config(BOOT_LOADER),
        "# Generated by flashfit from the board.toml of b. Do not edit.\n\
         # CONFIG_ENV_IS_NOWHERE is not set\n\
         CONFIG_ENV_IS_IN_FLASH=y\n\
         # CONFIG_SYS_RELOC_GD_ENV_ADDR is not set\n\
         CONFIG_ENV_SIZE=0x200\n\
         CONFIG_ENV_SECT_SIZE=0x400\n\
         CONFIG_SYS_REDUNDAND_ENVIRONMENT=y\n\
         CONFIG_ENV_ADDR=0x20002800\n\
         CONFIG_ENV_ADDR_REDUND=0x20003400\n\
         CONFIG_SPL_LOAD_FIT_ADDRESS=0x20000c00\n"
    );
    let spi = BOOT_LOADER.replace("in = \"flash\"", "in = \"spi-flash\"\nsector = \"512 B\"");
    has(
        &u_boot_config(&spi),
        &[
            "\nCONFIG_ENV_IS_IN_SPI_FLASH=y\n",
            "\nCONFIG_ENV_SECT_SIZE=0x200\n",
            "\nCONFIG_ENV_OFFSET=0x2800\nCONFIG_ENV_OFFSET_REDUND=0x3400\n",
        ],
    );
    let single = u_boot_config(&BOOT_LOADER.replace("copies = 2", "copies = 1"));
    has(
        &single,
        &["\n# CONFIG_SYS_REDUNDAND_ENVIRONMENT is not set\n"],
    );
    assert!(!single.contains("_REDUND="), "{single}");
}

#[test]
fn what_the_boot_loader_is_told_moves_with_the_map() {
    let moved = BOOT_LOADER
        .replace("size = \"1 KiB\"", "size = \"2 KiB\"")
        .replace("offset = \"1 KiB\"", "offset = \"2 KiB\"")
        .replace("size = \"9 KiB\"", "size = \"10 KiB\"")
        .replace(
            "offset = \"10 KiB\"\nsize = \"6 KiB\"",
            "offset = \"12 KiB\"\nsize = \"4 KiB\"",
        );
    has(
        &u_boot_config(&moved),
        &[
            "\nCONFIG_ENV_ADDR=0x20003000\nCONFIG_ENV_ADDR_REDUND=0x20003800\n",
            "\nCONFIG_SPL_LOAD_FIT_ADDRESS=0x20001000\n",
        ],
    );
}

#[test]
fn a_board_without_a_boot_loader_has_no_configuration_of_one() {
    let (scratch, _) = sample();
    scratch
        .flashfit(&["layout", "board.toml", "--format", "u-boot-config"])
        .exits(2)
        .says(&["board.toml: no [u-boot] table"]);
}

#[test]
fn a_board_without_slots_has_names_without() {
    let text = "[flash]\nsize = \"8 KiB\"\nerase-block = \"1 KiB\"\nmapped-at = 0x1000\n\
                [[partition]]\nname = \"kernel\"\noffset = \"0 B\"\nsize = \"4 KiB\"\nimage = \"k\"\n\
                [[partition]]\nname = \"rootfs\"\noffset = \"4 KiB\"\nsize = \"4 KiB\"\n\
                image = \"r\"\nroot = true\n";
    let board = Board::parse(text, "board.toml".as_ref()).unwrap();
    let env = layout::render(&board, Format::UBootEnv).unwrap();
    has(
        &env,
        &[
            "\nkernel_addr=0x1000\n",
            "\nroot=/dev/mtdblock1\n",
            "\nrootfs_addr=0x2000\n",
        ],
    );
    assert!(!env.contains("slot="));
}

#[test]
fn a_chip_without_a_node_in_the_device_tree_has_its_map_in_the_environment() {
    let (_, board) = sample();
    let env = layout::render(&board, Format::UBootEnv).unwrap();
    assert!(!env.contains("mtdparts="), "{env}");

    let text = MAP.replace("dt-node = \"/soc/spi@1000/flash@0\"\n", "");
    let board = Board::parse(&text, "board.toml".as_ref()).unwrap();
    let env = layout::render(&board, Format::UBootEnv).unwrap();
    let map = layout::render(&board, Format::Mtdparts).unwrap();
    has(&env, &[&format!("\nmtdparts={map}")]);
}

#[test]
fn the_table_adds_up_to_the_chip() {
    let (_, board) = sample();
    let text = layout::render(&board, Format::Markdown).unwrap();
    has(
        &text,
        &[
            "| 0 | boot | 0 | 1.500 | | `boot.bin` | 1,536 |\n",
            "| 1 | boot_env | 1.500 | 0.500 | | erased | |\n",
            "| 3 | rootfs-1 | 5 | 4 | 1 | `rootfs.squashfs` | 4,000 |\n",
            "| | **total** | | **16** | | | |\n",
        ],
    );
}

#[test]
fn a_folder_gets_every_form_and_keeps_what_is_right() {
    let (scratch, _) = sample();
    let out = ["layout", "board.toml", "--out", "made/here"];
    let names = [
        "genimage.cfg",
        "layout.md",
        "layout.mk",
        "layout.sh",
        "mtdparts",
        "partitions.dtsi",
        "u-boot.env",
    ];
    let printed = scratch.flashfit(&out).exits(0).stdout();
    assert_eq!(printed.lines().count(), names.len());
    assert_eq!(scratch.names("made/here"), names);
    scratch
        .flashfit(&[&out[..], &["--check"]].concat())
        .exits(0);

    let changed = |name: &str| {
        fs::metadata(scratch.path(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = changed("made/here/layout.sh");
    scratch.write("made/here/mtdparts", "old");
    scratch
        .flashfit(&[&out[..], &["--check"]].concat())
        .exits(1)
        .says(&["made/here/mtdparts: does not match board.toml"]);
    assert_eq!(
        scratch.flashfit(&out).exits(0).stdout(),
        "made/here/mtdparts\n"
    );
    assert_eq!(
        changed("made/here/layout.sh"),
        before,
        "make would rebuild for nothing"
    );
}

#[test]
fn mtdparts_need_the_chips_name() {
    let scratch = Scratch::new();
    scratch.write("board.toml", MAP.replace("mtd-id = \"spi0.0\"\n", ""));
    scratch
        .flashfit(&["layout", "board.toml", "--format", "mtdparts"])
        .exits(2)
        .says(&["board.toml: [flash] has no `mtd-id`"]);
    scratch
        .flashfit(&["layout", "board.toml", "--out", "made"])
        .exits(0);
    assert!(!scratch.path("made/mtdparts").exists());
}

#[test]
fn an_invalid_map_prints_nothing() {
    let scratch = Scratch::new();
    scratch.write("board.toml", MAP.replace("\"5 KiB\"", "\"4 KiB\""));
    let run = scratch.flashfit(&["layout", "board.toml"]).exits(2);
    assert_eq!(run.stdout(), "");
    has(
        &run.stderr(),
        &["board.toml:31: rootfs-1: starts at 4 KiB, but kernel-1 (board.toml:24) ends"],
    );
}
