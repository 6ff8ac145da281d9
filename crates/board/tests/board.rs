//! What board.toml may say, and what is said where it may not.

use std::path::Path;

use board::units::{Address, Bytes};
use board::{Board, Capability, Error, Runtime};
use proptest::prelude::*;

/// A whole map of 1 MiB with two slots.
const GOOD: &str = r#"[flash]
size = "1024 KiB"
erase-block = "64 KiB"
mtd-id = "spi0.0"

[[partition]]
name = "boot"
offset = "0 KiB"
size = "128 KiB"
image = "boot.bin"

[[partition]]
name = "kernel-a"
slot = "a"
offset = "128 KiB"
size = "192 KiB"
image = "kernel.itb"

[[partition]]
name = "rootfs-a"
slot = "a"
offset = "320 KiB"
size = "256 KiB"
image = "rootfs.squashfs"
root = true
budget = "200_000 B"

[[partition]]
name = "kernel-b"
slot = "b"
offset = "576 KiB"
size = "192 KiB"
image = "kernel.itb"

[[partition]]
name = "rootfs-b"
slot = "b"
offset = "768 KiB"
size = "256 KiB"
image = "rootfs.squashfs"
root = true
budget = "200_000 B"

[slot]
budget = "400_000 B"

[[component]]
name = "server"
file = "rootfs.squashfs"
path = "/usr/bin/server"
budget = "100_000 B"
"#;

fn parse(text: &str) -> Result<Board, Error> {
    Board::parse(text, Path::new("b/board.toml"))
}

/// The error for `GOOD` with `from` replaced once by `to`.
fn broken(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "nothing to replace: {from}");
    parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[test]
fn every_board_of_the_tree_is_valid() {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
    let names = board::names(&boards).unwrap();
    assert!(!names.is_empty());
    for name in names {
        let file = boards.join(&name).join("board.toml");
        let board = Board::load(&file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(board.name, name, "a board has its folder's name");
        assert!(board.rust.is_some() && board.cc.is_some() && board.linux.is_some());
        assert!(board.rootfs.is_some() && board.qemu.is_some());
    }
}

#[test]
fn the_sample_of_the_readme_is_valid() {
    let readme = include_str!("../../flashfit/README.md");
    let (_, after) = readme.split_once("```toml\n").unwrap();
    let (sample, _) = after.split_once("```").unwrap();
    let board = parse(sample).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(board.partitions.len(), 7);
    assert_eq!(board.components.len(), 2);
    assert!(
        sample.lines().nth(32).unwrap().starts_with("budget"),
        "the line in its message"
    );
}

#[test]
fn a_foreign_board_needs_no_more_than_flash_partitions_and_components() {
    let board = parse(GOOD).unwrap();
    assert_eq!(board.name, "b", "the folder's name");
    assert!(board.rust.is_none() && board.u_boot.is_none());
    let error = board.require(&board.rust, "rust").unwrap_err().to_string();
    assert_eq!(
        error,
        "b/board.toml: no [rust] table, which this command needs: add it"
    );
    let mtd: Vec<_> = board
        .partitions
        .iter()
        .map(|p| (p.mtd, p.name.as_str()))
        .collect();
    assert_eq!(
        mtd,
        [
            (0, "boot"),
            (1, "kernel-a"),
            (2, "rootfs-a"),
            (3, "kernel-b"),
            (4, "rootfs-b")
        ]
    );
    let slots = board.slots();
    assert_eq!(slots.len(), 2);
    assert_eq!(slots[1].root().unwrap().name, "rootfs-b");
    assert_eq!(slots[1].role("kernel").unwrap().name, "kernel-b");
    assert_eq!(slots[0].size(), Bytes(448 * 1024));
}

#[test]
fn budgets_cite_their_line() {
    let board = parse(GOOD).unwrap();
    let root = board.partition("rootfs-a").unwrap();
    assert_eq!(root.allowed(), Bytes(200_000));
    assert_eq!(
        GOOD.lines().nth(root.allowed_line() - 1).unwrap(),
        r#"budget = "200_000 B""#
    );
    assert_eq!(GOOD.lines().nth(root.line - 1).unwrap(), "[[partition]]");
    let boot = board.partition("boot").unwrap();
    assert_eq!(boot.allowed(), boot.size);
    assert_eq!(board.at(boot.allowed_line()), "b/board.toml:9");
    let server = board.component("server").unwrap();
    assert_eq!(server.budget.line, GOOD.lines().count());
    assert_eq!(board.slot_budget.unwrap().bytes, Bytes(400_000));
}

#[test]
fn partitions_may_stand_in_any_order() {
    let (head, boot_on) = GOOD.split_once("[[partition]]").unwrap();
    let (boot, rest) = boot_on.split_once("[[partition]]").unwrap();
    let text = format!("{head}[[partition]]{rest}\n[[partition]]{boot}");
    let board = parse(&text).unwrap();
    assert_eq!(board.partitions[0].name, "boot");
    assert_eq!(board.partitions[0].mtd, 0);
}

#[test]
fn addresses_are_integers() {
    let board = parse(&GOOD.replacen("mtd-id", "mapped-at = 0x2000_0000\nmtd-id", 1)).unwrap();
    assert_eq!(board.flash.mapped_at, Some(Address(0x2000_0000)));
    assert_eq!(board.flash.mapped_at.unwrap().to_string(), "0x20000000");
}

#[test]
fn text_that_is_no_toml_has_its_line() {
    assert_has(&broken("[slot]", "[slot"), &["b/board.toml:"]);
    assert!(broken("mtd-id = ", "mtd-id ").starts_with("b/board.toml:4: "));
}

#[test]
fn an_unknown_key_has_its_line_and_a_suggestion() {
    assert_eq!(
        broken("erase-block", "erase-blok"),
        "b/board.toml:3: unknown key `erase-blok`: did you mean `erase-block`?"
    );
    assert_eq!(
        broken("root = true", "rot = true"),
        "b/board.toml:25: unknown key `rot`: did you mean `root`?"
    );
    assert_eq!(
        broken("[[component]]", "[[componnet]]"),
        "b/board.toml:47: unknown key `componnet`: did you mean `component`?"
    );
    assert_has(
        &broken("mtd-id", "colour"),
        &["b/board.toml:4: unknown key `colour`, expected one of"],
    );
}

#[test]
fn a_component_without_a_budget_is_an_error() {
    assert_eq!(
        broken("budget = \"100_000 B\"\n", ""),
        "b/board.toml:47: missing key `budget`"
    );
}

#[test]
fn a_size_has_a_unit() {
    assert_eq!(
        broken("size = \"128 KiB\"", "size = 128"),
        "b/board.toml:9: `128` has no unit: add B, KiB, MiB or GiB, as in \"448 KiB\"; only a \
         hexadecimal number, such as 0x70000, needs none"
    );
    assert_has(
        &broken("\"192 KiB\"", "\"192 KB\""),
        &["b/board.toml:16: `KB` is not a unit of size"],
    );
    assert_has(
        &broken("\"192 KiB\"", "true"),
        &["b/board.toml:16: ", "a size with its unit"],
    );
}

/// Vendors write their maps in hexadecimal, as a number or as a text.
#[test]
fn hexadecimal_numbers_count_bytes() {
    let hexadecimal = GOOD
        .replace("\"128 KiB\"", "0x20000")
        .replace("\"192 KiB\"", "\"0x3_0000\"")
        .replace("\"64 KiB\"", "0x1_0000");
    let (board, same) = (parse(&hexadecimal).unwrap(), parse(GOOD).unwrap());
    let places = |board: &Board| -> Vec<_> {
        board
            .partitions
            .iter()
            .map(|p| (p.offset, p.size))
            .collect()
    };
    assert_eq!(places(&board), places(&same));
    assert_eq!(board.flash.erase_block, same.flash.erase_block);
    let broken = |to: &str| {
        let text = hexadecimal.replacen("0x20000", to, 1);
        parse(&text).unwrap_err().to_string()
    };
    assert_eq!(
        broken("0x28000"),
        "b/board.toml:9: boot: 160 KiB (0x28000) is not a whole number of erase blocks of 64 \
         KiB (0x10000): write size = 0x20000\nb/board.toml:12: kernel-a: starts at 128 KiB \
         (0x20000), but boot (b/board.toml:6) ends at 160 KiB (0x28000), so they share 32,768 \
         bytes: write size = 0x20000 for boot"
    );
    for bad in ["\"0x\"", "\"0x20000 KiB\"", "\"0x2g\"", "\"0x_1\""] {
        let text = bad.trim_matches('"');
        let message = format!("b/board.toml:9: `{text}` is not a hexadecimal number of bytes");
        assert_has(&broken(bad), &[&message]);
    }
    assert_has(&broken("0b11"), &["b/board.toml:9: `3` has no unit"]);
}

#[test]
fn an_unknown_schema_is_refused() {
    let text = format!("schema = 2\n{GOOD}");
    assert_eq!(
        parse(&text).unwrap_err().to_string(),
        "b/board.toml:1: schema 2 is unknown, this program reads 1: use the flashfit that \
         matches this file"
    );
}

#[test]
fn zero_sizes() {
    assert_has(
        &broken("\"1024 KiB\"", "\"0 KiB\""),
        &["b/board.toml:2: size is zero"],
    );
    assert_has(
        &broken("\"64 KiB\"", "\"0 KiB\""),
        &["b/board.toml:3: erase-block is zero"],
    );
    assert_has(
        &broken("\"128 KiB\"", "\"0 KiB\""),
        &["b/board.toml:9: boot: has no size"],
    );
    assert_has(
        &broken("\"400_000 B\"", "\"0 B\""),
        &["b/board.toml:45: the budget is zero"],
    );
}

#[test]
fn partitions_lie_on_erase_blocks() {
    assert_has(
        &broken("\"128 KiB\"", "\"100 KiB\""),
        &[
            "b/board.toml:9: boot: 100 KiB is not a whole number of erase blocks of 64 KiB: write size = \"128 KiB\"",
        ],
    );
    assert_has(
        &broken("offset = \"128 KiB\"", "offset = \"130 KiB\""),
        &["b/board.toml:12: kernel-a: starts at 130 KiB, inside an erase block of 64 KiB"],
    );
    assert_has(
        &broken("\"1024 KiB\"", "\"1000 KiB\""),
        &["b/board.toml:2: flash: 1000 KiB is not a whole number of erase blocks"],
    );
}

#[test]
fn overlap_names_both_and_by_how_much() {
    assert_eq!(
        broken("size = \"128 KiB\"", "size = \"192 KiB\""),
        "b/board.toml:12: kernel-a: starts at 128 KiB, but boot (b/board.toml:6) ends at 192 \
         KiB, so they share 65,536 bytes: write size = \"128 KiB\" for boot"
    );
}

#[test]
fn a_partition_within_another_does_not_hide_the_gap_behind_it() {
    let text = r#"[flash]
size = "8 KiB"
erase-block = "1 KiB"
[[partition]]
name = "big"
offset = "0 KiB"
size = "4 KiB"
[[partition]]
name = "within"
offset = "1 KiB"
size = "1 KiB"
[[partition]]
name = "last"
offset = "5 KiB"
size = "3 KiB"
"#;
    let error = parse(text).unwrap_err().to_string();
    assert_has(
        &error,
        &[
            "within: starts at 1 KiB, but big",
            "so they share 1,024 bytes: write offset = \"4 KiB\"",
            "1 KiB from 4 KiB belong to no partition: write offset = \"4 KiB\" for within",
        ],
    );
    assert_eq!(error.lines().count(), 2);
}

#[test]
fn gaps_are_named_with_what_to_write() {
    assert_eq!(
        broken("size = \"128 KiB\"", "size = \"64 KiB\""),
        "b/board.toml:12: 64 KiB from 64 KiB belong to no partition: declare them, as in \
         [[partition]] name = \"reserved\", offset = \"64 KiB\", size = \"64 KiB\""
    );
    assert_has(
        &broken("\"1024 KiB\"", "\"1088 KiB\""),
        &["b/board.toml:2: 64 KiB from 1024 KiB belong to no partition"],
    );
}

#[test]
fn the_map_ends_with_the_chip() {
    assert_has(
        &broken("\"1024 KiB\"", "\"960 KiB\""),
        &[
            "rootfs-b: ends at 1,048,576, but the chip has 983,040 (b/board.toml:2), over by \
           65,536",
        ],
    );
    assert_has(
        &broken(
            "offset = \"768 KiB\"",
            "offset = \"18446744073709551615 B\"",
        ),
        &["rootfs-b: its end does not fit in 64 bits"],
    );
}

#[test]
fn names_are_unique_even_as_variables() {
    assert_has(
        &broken("\"boot\"", "\"rootfs-a\""),
        &[
            "b/board.toml:19: partition rootfs-a: has the same name as rootfs-a (line 6): rename \
           one",
        ],
    );
    assert_has(
        &broken("\"boot\"", "\"Kernel_A\""),
        &["partition kernel-a: has the same name as Kernel_A (line 6) as a variable"],
    );
    assert_has(
        &broken("\"boot\"", "\"bo ot\""),
        &["b/board.toml:7: `bo ot` is not valid in all of"],
    );
}

#[test]
fn slots_are_alike() {
    assert_has(
        &broken("name = \"kernel-b\"\nslot = \"b\"", "name = \"spare\""),
        &["slot b: has no `kernel`, slot a has kernel-a"],
    );
    assert_has(
        &broken("name = \"kernel-a\"\nslot = \"a\"", "name = \"spare\""),
        &["slot a: has no `kernel`, slot b has kernel-b"],
    );
    assert_has(
        &broken(
            "offset = \"576 KiB\"\nsize = \"192 KiB\"",
            "offset = \"576 KiB\"\nsize = \"128 KiB\"",
        ),
        &["kernel-b: 128 KiB, but its twin kernel-a (b/board.toml:12) 192 KiB"],
    );
    let (head, tail) = GOOD.rsplit_once("200_000").unwrap();
    let error = parse(&format!("{head}200_001{tail}"))
        .unwrap_err()
        .to_string();
    assert_has(
        &error,
        &[
            "rootfs-b: may take 200,001 bytes, but its twin rootfs-a",
            "200,000",
        ],
    );
    assert_has(
        &broken("name = \"kernel-a\"", "name = \"kernel-one\""),
        &[
            "b/board.toml:14: kernel-one: belongs to slot a: its name must be its role and the \
           slot",
        ],
    );
}

#[test]
fn a_slot_has_one_root() {
    assert_has(&broken("root = true\n", ""), &["slot a: has no root"]);
    assert_has(
        &broken(
            "image = \"kernel.itb\"",
            "image = \"kernel.itb\"\nroot = true",
        ),
        &["rootfs-a: is a second root of slot a beside kernel-a"],
    );
    assert_has(
        &broken("image = \"boot.bin\"", "image = \"boot.bin\"\nroot = true"),
        &["boot: is a root outside the slots"],
    );
}

#[test]
fn budgets_fit_what_they_bound() {
    assert_has(
        &broken("\"200_000 B\"", "\"300_000 B\""),
        &[
            "b/board.toml:26: rootfs-a: budget of 300,000 bytes, but the partition has 262,144 \
             (b/board.toml:23), over by 37,856",
        ],
    );
    assert_has(
        &broken("\"400_000 B\"", "\"458_753 B\""),
        &[
            "b/board.toml:45: slot: budget of 458,753 bytes, but its partitions have 458,752, \
           over by 1",
        ],
    );
    assert_has(
        &broken("image = \"boot.bin\"", "budget = \"1 KiB\""),
        &["b/board.toml:10: boot: has a budget but no image to measure"],
    );
}

#[test]
fn files_and_paths_stay_where_they_belong() {
    assert_has(
        &broken("\"boot.bin\"", "\"../boot.bin\""),
        &["b/board.toml:10: `../boot.bin`"],
    );
    assert_has(
        &broken("\"/usr/bin/server\"", "\"usr/bin\""),
        &["b/board.toml:50: path `usr/bin`"],
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let text = GOOD
        .replacen("\"128 KiB\"", "\"100 KiB\"", 1)
        .replacen("\"boot\"", "\"0\"", 1);
    let error = parse(&text).unwrap_err().to_string();
    assert_has(
        &error,
        &[
            "b/board.toml:7: `0` is not valid in all of",
            "b/board.toml:9: 0: 100 KiB",
            "b/board.toml:12: 28 KiB from",
        ],
    );
}

#[test]
fn a_missing_file_says_what_to_name() {
    let error = Board::load("/nonexistent/board.toml")
        .unwrap_err()
        .to_string();
    assert_has(
        &error,
        &[
            "/nonexistent/board.toml: cannot be read: ",
            "name a board.toml",
        ],
    );
}

/// A map of the given partitions, in blocks of 4 KiB.
fn map_of(chip: u64, partitions: &[(u64, u64)]) -> String {
    let mut text = format!(
        "[flash]\nsize = \"{} KiB\"\nerase-block = \"4 KiB\"\n",
        chip * 4
    );
    for (at, (offset, size)) in partitions.iter().enumerate() {
        text += &format!(
            "[[partition]]\nname = \"p{at}\"\noffset = \"{} KiB\"\nsize = \"{} KiB\"\n",
            offset * 4,
            size * 4
        );
    }
    text
}

proptest! {
    /// A map is valid exactly where each block belongs to one partition.
    #[test]
    fn maps_cover_each_block_once(
        chip in 1..12_u64,
        partitions in proptest::collection::vec((0..12_u64, 1..12_u64), 1..5),
    ) {
        let owners = |block: u64| {
            partitions.iter().filter(|(at, size)| (*at..at + size).contains(&block)).count()
        };
        let covered = (0..chip).all(|block| owners(block) == 1)
            && partitions.iter().all(|(at, size)| at + size <= chip);
        let board = parse(&map_of(chip, &partitions));
        prop_assert_eq!(board.is_ok(), covered, "{:?}", board.err());
    }

    /// Whatever the sizes and their order in the file, a complete map is taken, and one
    /// with a partition that is a block larger or smaller is not.
    #[test]
    fn complete_maps_are_valid_in_any_order(
        sizes in proptest::collection::vec(1..40_u64, 1..8),
        turn in 0..8_usize,
        wrong in 0..8_usize,
        larger in any::<bool>(),
    ) {
        let chip = sizes.iter().sum();
        let starts = sizes.iter().scan(0, |at, size| Some(std::mem::replace(at, *at + size)));
        let mut partitions: Vec<(u64, u64)> = starts.zip(sizes.iter().copied()).collect();
        let length = partitions.len();
        partitions.rotate_left(turn % length);
        let board = parse(&map_of(chip, &partitions)).unwrap();
        let offsets: Vec<u64> = board.partitions.iter().map(|p| p.offset.get()).collect();
        prop_assert!(offsets.is_sorted());

        let size = &mut partitions[wrong % length].1;
        *size = if larger { *size + 1 } else { *size - 1 };
        prop_assert!(parse(&map_of(chip, &partitions)).is_err());
    }

    #[test]
    fn no_text_makes_the_reader_panic(line in 0..52_usize, text in "[ -~]{0,30}") {
        let lines: Vec<&str> = GOOD.lines().collect();
        let mut lines = lines;
        lines[line % 50] = &text;
        let _ = parse(&lines.join("\n"));
    }
}

/// `GOOD` with an emulator whose table ends in `more`.
fn with_qemu(args: &str, more: &str) -> String {
    format!(
        "{GOOD}\n[qemu]\nbinary = \"qemu\"\npackage = \"qemu\"\nargs = [{args}]\n\
         console = \"ttyS0\"\n{more}\n"
    )
}

#[test]
fn what_the_machine_does_not_support_has_its_reason_and_line() {
    let text = with_qemu("", "unsupported = { watchdog = \"virt has none\" }");
    let board = parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let qemu = board.qemu.expect("[qemu]");
    let unsupported = qemu.unsupported(Capability::Watchdog).expect("it is said");
    assert_eq!(unsupported.reason, "virt has none");
    let line = text.lines().nth(unsupported.line - 1).expect("a line");
    assert!(line.starts_with("unsupported"), "{line}");
}

#[test]
fn an_unsupported_capability_has_a_known_name_and_a_reason() {
    for (unsupported, parts) in [
        ("watchdgo = \"x\"", ["watchdgo", "`watchdog`"]),
        (
            "watchdog = \" \"",
            ["watchdog has no reason", "b/board.toml:"],
        ),
    ] {
        let text = with_qemu("", &format!("unsupported = {{ {unsupported} }}"));
        assert_has(&parse(&text).unwrap_err().to_string(), &parts);
    }
}

#[test]
fn a_misspelt_name_in_an_argument_of_the_emulator_is_told_with_its_line() {
    assert!(parse(&with_qemu("\"file={flash}\", \"{net}\", \"{accel}\"", "")).is_ok());
    let text = with_qemu("\n\"-accel\",\n\"{acel}\"\n", "");
    let line = text.lines().position(|line| line == "\"{acel}\"").unwrap() + 1;
    let said = format!("b/board.toml:{line}: args: {{acel}} is not a placeholder: use {{flash}}");
    assert_has(&parse(&text).unwrap_err().to_string(), &[&said]);
}

#[test]
fn a_chip_is_padded_to_more_than_it_has() {
    let board = parse(&with_qemu("", "pad-to = \"4 MiB\"")).unwrap();
    assert_eq!(board.qemu.unwrap().pad_to, Some(Bytes(4 << 20)));
    let error = parse(&with_qemu("", "pad-to = \"1 MiB\"")).unwrap_err();
    assert_has(&error.to_string(), &["pad-to: 1,048,576 bytes"]);
}

#[test]
fn the_run_time_is_the_compilers_own_unless_said() {
    let facts = |more: &str| {
        let text = format!("{GOOD}\n[cc]\nprefix = \"mipsel-linux-gnu-\"\n{more}");
        parse(&text).map(|board| board.cc.unwrap().runtime)
    };
    assert_eq!(facts("").unwrap(), Runtime::Libgcc);
    let rust = facts("runtime = \"compiler-builtins\"\n").unwrap();
    assert_eq!(rust, Runtime::CompilerBuiltins);
    assert!(facts("runtime = \"compiler-rt\"\n").is_err());
}

#[test]
fn a_boot_loader_has_firmware_of_others_only_where_said() {
    let facts = |more: &str| {
        let table = "[u-boot]\ndefconfig = \"x_defconfig\"\nfiles = []\n";
        parse(&format!("{GOOD}\n{table}{more}"))
            .unwrap()
            .u_boot
            .unwrap()
    };
    assert!(facts("").firmware.is_empty());
    let opensbi = facts("firmware = { OPENSBI = \"/usr/lib/x.bin\" }\npackages = [\"opensbi\"]\n");
    assert_eq!(opensbi.firmware["OPENSBI"], Path::new("/usr/lib/x.bin"));
    assert_eq!(opensbi.packages, ["opensbi"]);
}

#[test]
fn a_kernel_is_started_where_it_is_put_unless_said() {
    let linux = "[linux]\narch = \"mips\"\nbase = \"tinyconfig\"\nimage = \"vmlinux.bin\"\n";
    let facts = |more: &str| {
        parse(&format!("{GOOD}\n{linux}{more}"))
            .unwrap()
            .linux
            .unwrap()
    };
    let plain = facts("load-address = 0x80001000\n");
    assert_eq!(plain.entry(), Some(Address(0x8000_1000)));
    assert_eq!(plain.compression.as_str(), "none");
    let other =
        facts("load-address = 0x80001000\nentry-address = 0x80400000\ncompression = \"lzma\"\n");
    assert_eq!(other.entry(), Some(Address(0x8040_0000)));
    assert_eq!(other.compression.as_str(), "lzma");
}

/// Rules that the kernel, the boot loader or the emulator would enforce when it is too late.
#[test]
fn what_others_refuse_is_refused_before() {
    let data = "size = \"256 KiB\"\nfilesystem = \"jffs2\"";
    let with_data = GOOD.replacen(
        "size = \"128 KiB\"",
        "filesystem = \"jffs2\"\nsize = \"128 KiB\"",
        1,
    );
    assert_has(
        &parse(&with_data).unwrap_err().to_string(),
        &[
            "b/board.toml:10: boot: 128 KiB are 2 erase blocks of 64 KiB, but the kernel mounts \
             a JFFS2 only with 5 or more: write size = \"320 KiB\"",
        ],
    );
    let read_only = GOOD.replacen(
        "size = \"256 KiB\"",
        &format!("{data}\nread-only = true"),
        1,
    );
    assert_has(
        &parse(&read_only).unwrap_err().to_string(),
        &[
            "b/board.toml:19: rootfs-a: the device creates a jffs2 in it, but the kernel \
             refuses every write",
        ],
    );
    assert_has(
        &broken("mtd-id =", "mapped-at = 0xfff80000\nmtd-id ="),
        &["b/board.toml:2: flash: mapped at 0xfff80000, its 1024 KiB end past 4 GiB"],
    );
    assert_has(
        &broken("mtd-id =", "chip = \"w25q64\"\nmtd-id ="),
        &["b/board.toml:2: flash: 1024 KiB, but the w25q64 has 8 MiB"],
    );
    let rootfs = |size: &str| parse(&format!("{GOOD}\n[rootfs]\nblock-size = \"{size}\"\n"));
    assert!(rootfs("128 KiB").is_ok());
    for size in ["2 KiB", "96 KiB", "2048 KiB"] {
        let message = rootfs(size).unwrap_err().to_string();
        assert_has(
            &message,
            &[&format!("block-size: {size} is not a squashfs block size")],
        );
    }
}

#[test]
fn the_map_on_the_command_line_fits_it() {
    let parts = |count: u64| -> Vec<(u64, u64)> { (0..count).map(|at| (at, 1)).collect() };
    let text = |count: u64, more: &str| {
        let linux = "[linux]\narch = \"arm\"\nbase = \"tinyconfig\"\nimage = \"zImage\"\n";
        map_of(count, &parts(count)).replacen("[[", &format!("{more}{linux}[["), 1)
    };
    let id = "mtd-id = \"spi0.0\"\n";
    assert!(parse(&text(60, id)).is_ok());
    let message = parse(&text(90, id)).unwrap_err().to_string();
    assert_has(
        &message,
        &["characters of mtdparts, but the kernel's command line has 1024 on arm"],
    );
    assert!(parse(&text(90, &format!("{id}dt-node = \"/flash@0\"\n"))).is_ok());
}

/// QEMU takes no file but of its flash's size.
#[test]
fn the_emulator_gets_a_chip_that_it_has() {
    let with = |binary: &str, machine: &str, more: &str| {
        let args = format!("\"-M\", \"{machine}\"");
        let text =
            with_qemu(&args, more).replace("\"qemu\"\npackage", &format!("\"{binary}\"\npackage"));
        parse(&text).map(drop).map_err(|error| error.to_string())
    };
    for (binary, machine, size) in [
        ("qemu-system-mipsel", "malta", "4096 KiB"),
        ("qemu-system-aarch64", "virt,gic-version=3", "64 MiB"),
        ("qemu-system-riscv64", "virt", "32 MiB"),
    ] {
        assert_eq!(
            with(binary, machine, &format!("pad-to = \"{size}\"")),
            Ok(())
        );
        let message = with(binary, machine, "").unwrap_err();
        let advice = format!("write pad-to = \"{size}\" in [qemu]");
        assert_has(
            &message,
            &["b/board.toml:2: flash: 1024 KiB for the emulator", &advice],
        );
    }
    let model = with("qemu-system-arm", "ast2600-evb,fmc-model=mx25l6405d", "").unwrap_err();
    assert_has(&model, &["flash: 1024 KiB, but the mx25l6405d has 8 MiB"]);
    assert_eq!(with("qemu-system-x86_64", "q35", ""), Ok(()));
    let large = with("qemu-system-x86_64", "q35", "pad-to = \"16 MiB\"").unwrap_err();
    assert_has(&large, &["a PC has at most 8 MiB of flash"]);
    let mapped = GOOD.replacen("mtd-id =", "mapped-at = 0xff800000\nmtd-id =", 1);
    let mapped = with_qemu("\"-M\", \"q35\"", "").replace(GOOD, &mapped);
    let mapped = mapped.replace("\"qemu\"\npackage", "\"qemu-system-x86_64\"\npackage");
    let message = parse(&mapped).unwrap_err().to_string();
    assert_has(
        &message,
        &["the flash of a PC ends at 4 GiB: write mapped-at = 0xfff00000"],
    );
}

/// `GOOD` with a boot loader that keeps its settings in a partition between it and the slots.
fn with_environment(table: &str) -> String {
    let env = "[[partition]]\nname = \"env\"\noffset = \"64 KiB\"\nsize = \"64 KiB\"\n\n";
    let u_boot = format!(
        "[u-boot]\ndefconfig = \"b_defconfig\"\n\
         files = [{{ file = \"u-boot.bin\", built = \"u-boot.bin\", offset = \"4 KiB\" }}]\n{table}\n"
    );
    let text = GOOD
        .replacen("size = \"128 KiB\"", "size = \"64 KiB\"", 1)
        .replacen(
            "[[partition]]\nname = \"kernel-a\"",
            &format!("{env}[[partition]]\nname = \"kernel-a\""),
            1,
        )
        .replacen(
            "mtd-id = \"spi0.0\"",
            "mtd-id = \"spi0.0\"\nmapped-at = 0x2000_0000",
            1,
        );
    format!("{u_boot}{text}")
}

const ENVIRONMENT: &str = "mapped-at = 0x0\naddresses = { CONFIG_TEXT_BASE = \"u-boot.bin\" }\n\
    [u-boot.environment]\npartition = \"env\"\nin = \"spi-flash\"\ncopies = 2\n\
    size = \"8 KiB\"\nsector = \"4 KiB\"\n";

#[test]
fn the_environments_copies_lie_in_equal_parts_of_its_partition() {
    let board = parse(&with_environment(ENVIRONMENT)).unwrap();
    let u_boot = board.u_boot.as_ref().unwrap();
    let environment = u_boot.environment.as_ref().unwrap();
    let offsets: Vec<u64> = environment
        .offsets(&board)
        .iter()
        .map(|o| o.get())
        .collect();
    assert_eq!(offsets, [64 << 10, 96 << 10]);
    assert_eq!(
        u_boot.address_of("u-boot.bin", &board),
        Some(Address(4 << 10))
    );
    // Without a word of its own the loader sees the chip where all others do.
    let board = parse(&with_environment(
        &ENVIRONMENT.replace("mapped-at = 0x0\n", ""),
    ))
    .unwrap();
    let address = board
        .u_boot
        .as_ref()
        .unwrap()
        .address_of("u-boot.bin", &board);
    assert_eq!(address, Some(Address(0x2000_1000)));
}

#[test]
fn an_environment_that_saving_would_spoil_is_refused() {
    for (from, to, said) in [
        (
            "partition = \"env\"",
            "partition = \"enw\"",
            "no partition `enw`, the map has boot, env, kernel-a",
        ),
        (
            "partition = \"env\"",
            "partition = \"boot\"",
            "boot (b/board.toml:19) holds boot.bin",
        ),
        (
            "partition = \"env\"",
            "partition = \"kernel-b\"",
            "holds kernel.itb",
        ),
        (
            "copies = 2",
            "copies = 3",
            "3 copies: U-Boot keeps one or two",
        ),
        (
            "copies = 2",
            "copies = 0",
            "0 copies: U-Boot keeps one or two",
        ),
        (
            "size = \"8 KiB\"",
            "size = \"36 KiB\"",
            "take 72 KiB, but env",
        ),
        (
            "size = \"8 KiB\"",
            "size = \"0 KiB\"",
            "size or sector is zero",
        ),
        ("sector = \"4 KiB\"", "", "take 128 KiB, but env"),
        (
            "sector = \"4 KiB\"",
            "sector = \"24 KiB\"",
            "does not divide the erase block of 64 KiB",
        ),
        (
            "in = \"spi-flash\"",
            "in = \"flash\"",
            "the chip erases 64 KiB at once",
        ),
        (
            "CONFIG_TEXT_BASE",
            "TEXT_BASE",
            "`TEXT_BASE` is not a Kconfig option",
        ),
        (
            "\"u-boot.bin\" }",
            "\"spl.bin\" }",
            "the address of spl.bin, but `files` has u-boot.bin",
        ),
    ] {
        assert!(ENVIRONMENT.contains(from), "{from}");
        let text = with_environment(&ENVIRONMENT.replacen(from, to, 1));
        let error = parse(&text).unwrap_err().to_string();
        assert_has(&error, &["b/board.toml:", said]);
    }
    let unmapped = with_environment(&ENVIRONMENT.replace("mapped-at = 0x0\n", ""))
        .replace("mapped-at = 0x2000_0000", "");
    let error = parse(&unmapped).unwrap_err().to_string();
    assert_has(
        &error,
        &[
            "b/board.toml:4: addresses: CONFIG_TEXT_BASE",
            "`mapped-at`: add",
        ],
    );
}

#[test]
fn another_program_says_where_it_answers() {
    let board = |server: &str| Board::parse(&format!("{server}\n{GOOD}"), "b.toml".as_ref());
    let plain = board("").unwrap();
    assert_eq!((plain.port(), plain.server), (80, None));
    let default = board("[server]").unwrap();
    assert_eq!(default.port(), 80);
    assert_eq!(default.server.unwrap().path, "/");
    let own = board("[server]\nport = 8080\npath = \"/state\"").unwrap();
    assert_eq!(
        (own.port(), own.server.unwrap().path.as_str()),
        (8080, "/state")
    );
    for (wrong, said) in [
        ("[server]\nport = 0", "b.toml:2: port 0"),
        ("[server]\nport = 70000", "b.toml:2: "),
        ("[server]\npath = \"state\"", "b.toml:2: path `state`"),
        ("[server]\nprot = 1", "did you mean `port`?"),
    ] {
        let error = board(wrong).unwrap_err().to_string();
        assert!(error.contains(said), "{wrong}: {error}");
    }
}
