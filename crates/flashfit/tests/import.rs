//! Maps that come from elsewhere.

mod common;

use std::path::Path;

use board::Board;
use board::units::Bytes;
use common::Scratch;
use flashfit::import::{self, Options, Source};
use flashfit::layout::{self, Format};
use proptest::prelude::*;

/// Imports with an erase block of 4 KiB, and gives the text.
#[track_caller]
fn imported(text: &str, source: Source, options: &Options) -> String {
    import::import(text, Path::new("map"), source, options)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The message for a text that cannot be read.
#[track_caller]
fn refused(text: &str, source: Source) -> String {
    import::import(text, Path::new("map"), source, &Options::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn mtdparts_are_read_as_the_kernel_does() {
    let options = Options {
        size: Some(Bytes(8 << 20)),
        ..Options::default()
    };
    let text = "console=ttyS0 mtdparts=spi0.0:0x40000(boot)ro,0x10000(env)ro,2m@0x50000(kernel),-(rootfs) quiet\n";
    assert_eq!(
        imported(text, Source::Mtdparts, &options),
        r#"# The map from map.
[flash]
size = "8192 KiB"
# The size on most SPI-NOR chips; correct it if yours differs.
erase-block = "64 KiB"
mtd-id = "spi0.0"

[[partition]]
name = "boot"
offset = 0x0
size = 0x40000
read-only = true

[[partition]]
name = "env"
offset = 0x40000
size = 0x10000
read-only = true

[[partition]]
name = "kernel"
offset = 0x50000
size = "2048 KiB"

[[partition]]
name = "rootfs"
offset = 0x250000
size = 0x5b0000
"#
    );
    let two = "mtdparts=spi0.0:64k(a);0000:00:1f.5:64k,64k(b)lk";
    let chip = |name: &str| Options {
        chip: Some(name.to_owned()),
        ..Options::default()
    };
    let text = imported(two, Source::Mtdparts, &chip("0000:00:1f.5"));
    assert!(
        text.contains("name = \"Partition_000\"") && text.contains("offset = \"64 KiB\""),
        "{text}"
    );
    assert_eq!(
        refused(two, Source::Mtdparts),
        "map:1:24: a second chip, 0000:00:1f.5: select one with --chip"
    );
}

#[test]
fn mtdparts_faults_have_their_place() {
    for (text, place, part) in [
        ("console=ttyS0", "1:1", "no `mtdparts=`"),
        (
            "mtdparts=spi0.0",
            "1:10",
            "expected the name of a chip and `:`",
        ),
        (
            "a=b\nmtdparts=x:64k(a),64x(b)",
            "2:19",
            "`64x` is not a size",
        ),
        ("mtdparts=x:64k(a", "1:15", "a name has no closing `)`"),
        ("mtdparts=x:64k(a)rw", "1:18", "expected `,` or the end"),
        ("mtdparts=x:64k(a),", "1:19", "`` is not a size"),
        ("mtdparts=x:-(a)", "1:12", "add --size"),
        ("mtdparts=x:64k@(a)", "1:16", "`` is not a size"),
        ("mtdparts=x:99999999999999g(a)", "1:12", "is not a size"),
    ] {
        let message = refused(text, Source::Mtdparts);
        assert!(
            message.starts_with(&format!("map:{place}: ")) && message.contains(part),
            "{message}"
        );
    }
}

const TREE: &str = r#"/dts-v1/;
/include/ "skeleton.dtsi"
#include <dt-bindings/gpio/gpio.h>
#define BLOCK 0x10000

/ {
	#address-cells = <1>;
	soc: ahb {
		spi@1e620000 { /* the controller */
			cs-gpios = <&gpio0 1 GPIO_ACTIVE_LOW>, <&{/ahb/gpio@0} (1 << 2)>;
			flash0: flash@0 {
				compatible = "jedec,spi-nor";
				partitions {
					compatible = "fixed-partitions";
					#address-cells = <1>;
					#size-cells = <1>;
					boot: partition@0 {
						label = "boot";
						reg = <0x0 0x40000>;
						read-only;
					};
					// without a label, the name
					rest@40000 {
						reg = <0x40000>, <0x7c0000>;
					};
				};
			};
		};
	};
};

&gpio0 {
	/delete-property/ status;
	status = [00 ff];
};
"#;

#[test]
fn a_device_tree_has_its_map_and_the_path_of_its_chip() {
    assert_eq!(
        imported(TREE, Source::Dts, &Options::default()),
        r#"# The map from map.
[flash]
# The end of the last partition; correct it if the chip is larger.
size = "8192 KiB"
# The size on most SPI-NOR chips; correct it if yours differs.
erase-block = "64 KiB"
dt-node = "/ahb/spi@1e620000/flash@0"

[[partition]]
name = "boot"
offset = 0x0
size = 0x40000
read-only = true

[[partition]]
name = "rest"
offset = 0x40000
size = 0x7c0000
"#
    );
    let second =
        format!("{TREE}&other {{ partitions {{ compatible = \"fixed-partitions\"; }}; }};\n");
    assert!(refused(&second, Source::Dts).contains("select the chip with --chip"));
    for chip in ["flash0", "/ahb/spi@1e620000/flash@0", "flash@0"] {
        let options = Options {
            chip: Some(chip.to_owned()),
            ..Options::default()
        };
        imported(&second, Source::Dts, &options);
    }
}

#[test]
fn device_tree_faults_have_their_place() {
    for (from, to, place, part) in [
        (
            "reg = <0x0 0x40000>;",
            "reg = <0x0 BLOCK>;",
            "19:18",
            "`BLOCK` is not a 32-bit number",
        ),
        (
            "reg = <0x0 0x40000>;",
            "reg = <0x0 (4 * 8)>;",
            "19:18",
            "the result of an expression",
        ),
        (
            "reg = <0x0 0x40000>;",
            "reg = <0x0>;",
            "17:12",
            "`reg` of `partition@0` has 1 cells, but #address-cells and #size-cells require 2",
        ),
        (
            "reg = <0x0 0x40000>;",
            "",
            "17:12",
            "`partition@0` has no `reg`",
        ),
        (
            "reg = <0x0 0x40000>;",
            "reg = <0x0 0x40000>",
            "20:7",
            "`read-only` in `reg`: write numbers",
        ),
        (
            "label = \"boot\";",
            "label = <1>;",
            "17:12",
            "`label` of `partition@0` is not a string",
        ),
        (
            "#size-cells = <1>;",
            "#size-cells = <3>;",
            "13:5",
            "`#size-cells` is neither 1 nor 2",
        ),
        (
            "\"fixed-partitions\"",
            "\"other\"",
            "1:1",
            "no node with `compatible = \"fixed-partitions\"`",
        ),
        (
            "label = \"boot\";",
            "label = \"boot;",
            "18:15",
            "a string has no closing",
        ),
        (
            "read-only;",
            "fixed { compatible = \"fixed-partitions\"; };",
            "17:12",
            "has partitions of its own",
        ),
        (
            "/* the controller */",
            "/* the controller",
            "9:18",
            "a comment has no closing `*/`",
        ),
        (
            "\t};\n};\n\n&gpio0",
            "\t};\n\n&gpio0",
            "31:1",
            "expected a property or a node, found `&`",
        ),
    ] {
        assert!(TREE.contains(from), "{from}");
        let message = refused(&TREE.replacen(from, to, 1), Source::Dts);
        assert!(
            message.starts_with(&format!("map:{place}: ")) && message.contains(part),
            "{from} to {to}: {message}"
        );
    }
}

const GENIMAGE: &str = r#"# for the board
flash nor-64k {
	pebsize = 64K
	numpebs = 128
	minimum-io-unit-size = 1
}

image root.squashfs {
	squashfs { compression = "xz" }
}

image flash.bin {
	flash {}
	flashtype = "nor-64k"
	exec-pre = "true"
	partition boot {
		image = "u-boot.bin"
		size = 0x40000
	}
	partition "system" { offset = 256K size = 7936K image = "root.squashfs" holes = {"(0; 1)", "(2; 3)"} }
}
"#;

#[test]
fn a_genimage_configuration_has_the_chip_and_the_images() {
    assert_eq!(
        imported(GENIMAGE, Source::Genimage, &Options::default()),
        r#"# The map from map.
[flash]
size = "8192 KiB"
erase-block = "64 KiB"

[[partition]]
name = "boot"
offset = 0x0
size = 0x40000
image = "u-boot.bin"

[[partition]]
name = "system"
offset = "256 KiB"
size = "7936 KiB"
image = "root.squashfs"
"#
    );
}

#[test]
fn genimage_faults_have_their_place() {
    for (from, to, place, part) in [
        (
            "size = 0x40000",
            "size = lots",
            "18:10",
            "`lots` is not a size",
        ),
        ("size = 0x40000", "", "16:2", "partition boot has no `size`"),
        (
            "size = 0x40000",
            "size 0x40000",
            "19:2",
            "expected `{` after `size 0x40000`",
        ),
        (
            "flash {}",
            "hdimage {}",
            "1:1",
            "no `image` with a section `flash`",
        ),
        (
            "flash nor-64k",
            "flash nand",
            "14:14",
            "no section `flash nor-64k`",
        ),
        (
            "# for",
            "include(\"x\")\n# for",
            "1:1",
            "`include(…)` is not supported",
        ),
        (
            "holes = {\"(0; 1)\",",
            "holes = {\"(0; 1)\"",
            "20:92",
            "expected `,` after a value of a list",
        ),
        (
            "\"root.squashfs\" holes",
            "= holes",
            "20:58",
            "expected a value for `image`",
        ),
    ] {
        assert!(GENIMAGE.contains(from), "{from}");
        let message = refused(&GENIMAGE.replacen(from, to, 1), Source::Genimage);
        assert!(
            message.starts_with(&format!("map:{place}: ")) && message.contains(part),
            "{from} to {to}: {message}"
        );
    }
    let open = GENIMAGE.trim_end().strip_suffix('}').unwrap();
    assert_eq!(
        refused(open, Source::Genimage),
        "map:12:1: `image` has no closing `}`"
    );
}

#[test]
fn the_command_writes_a_file_once_and_checks_it() {
    let scratch = Scratch::new();
    scratch.write("board.dts", TREE);
    scratch.write("genimage.cfg", GENIMAGE);
    scratch.write("cmdline", "mtdparts=spi0.0:128k(boot),8064k(system)");
    let import = ["import", "board.dts", "-o", "board.toml"];
    assert_eq!(scratch.flashfit(&import).exits(0).stdout(), "");
    Board::load(scratch.path("board.toml")).unwrap();
    scratch
        .flashfit(&import)
        .exits(2)
        .says(&["board.toml: cannot be created: File exists"]);
    scratch
        .flashfit(&["import", "genimage.cfg"])
        .exits(0)
        .prints(&["name = \"system\""]);
    scratch
        .flashfit(&["import", "cmdline", "--erase-block", "4 KiB"])
        .exits(0)
        .prints(&["mtd-id = \"spi0.0\""]);
    scratch.write("other", "what");
    scratch
        .flashfit(&["import", "other"])
        .exits(2)
        .says(&["other: cannot tell whether this is an mtdparts argument"]);
    scratch
        .flashfit(&["import", "other", "--from", "dts"])
        .exits(2)
        .says(&["other:1:5: "]);
    // A map that cannot be is written as it was found, and told.
    let overlap = TREE.replace("0x0 0x40000", "0x0 0x50000");
    scratch.write("overlap.dts", overlap);
    scratch
        .flashfit(&["import", "overlap.dts", "-o", "overlap.toml"])
        .exits(1)
        .says(&[
            "overlap.toml:15: rest: starts at 256 KiB (0x40000)",
            "write size = 0x40000 for boot",
        ]);
    assert!(scratch.path("overlap.toml").exists());
}

/// A board with partitions of whole blocks, by their sizes, and what else a map says of them.
fn board(sizes: &[(u64, bool, bool)], block: u64, dt_node: bool) -> Board {
    let mut text = String::new();
    let mut at = 0;
    for (index, (blocks, read_only, image)) in sizes.iter().enumerate() {
        let size = blocks * block;
        text += &format!(
            "[[partition]]\nname = \"p{index}\"\noffset = \"{at} B\"\nsize = \"{size} B\"\n"
        );
        if *read_only {
            text += "read-only = true\n";
        }
        if *image {
            text += &format!("image = \"p{index}.bin\"\n");
        }
        at += size;
    }
    let node = if dt_node {
        "dt-node = \"/ahb/spi@1e620000/flash@0\"\n"
    } else {
        ""
    };
    let flash = format!(
        "[flash]\nsize = \"{at} B\"\nerase-block = \"{block} B\"\nmtd-id = \"spi0.0\"\n{node}"
    );
    Board::parse(&(flash + &text), Path::new("board.toml")).unwrap()
}

proptest! {
    /// What flashfit writes in the three languages it reads back as the same map.
    #[test]
    fn what_layout_writes_is_read_back(
        sizes in proptest::collection::vec((1..70_000_u64, any::<bool>(), any::<bool>()), 1..9),
        block in prop_oneof![Just(512_u64), Just(4096), Just(65536), Just(262_144)],
        dt_node in any::<bool>(),
    ) {
        let board = board(&sizes, block, dt_node);
        let options = Options {
            size: Some(board.flash.size),
            erase_block: Some(board.flash.erase_block),
            chip: None,
        };
        for (format, source) in [
            (Format::Mtdparts, Source::Mtdparts),
            (Format::Dts, Source::Dts),
            (Format::Genimage, Source::Genimage),
        ] {
            let text = layout::render(&board, format).unwrap();
            let options = if format == Format::Genimage { Options::default() } else { options.clone() };
            let again = import::import(&text, Path::new("x"), source, &options).unwrap();
            let again = Board::parse(&again, Path::new("board.toml")).unwrap();
            prop_assert_eq!(again.flash.size, board.flash.size);
            prop_assert_eq!(again.flash.erase_block, board.flash.erase_block);
            if format == Format::Dts {
                prop_assert_eq!(&again.flash.dt_node, &board.flash.dt_node);
            }
            let kept = |p: &board::Partition| {
                let image = (format == Format::Genimage).then(|| p.image.clone());
                let read_only = (format != Format::Genimage).then_some(p.read_only);
                (p.name.clone(), p.offset, p.size, image, read_only)
            };
            let found: Vec<_> = again.partitions.iter().map(kept).collect();
            let wanted: Vec<_> = board.partitions.iter().map(kept).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[-@(){}<>\"=;:,/*#&a-z0-9 \n]{0,60}", prefix in 0..4_usize) {
        let prefix = ["", "mtdparts=", "/ { ", "image a { flash {} "][prefix];
        for source in [Source::Mtdparts, Source::Dts, Source::Genimage] {
            let _ = import::import(&format!("{prefix}{text}"), Path::new("x"), source, &Options::default());
        }
    }
}
