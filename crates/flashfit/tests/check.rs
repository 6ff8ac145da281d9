//! Budgets, from the command line, on images that mksquashfs made.

mod common;

use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use common::golden::assert_golden;
use common::{Run, Scratch, has, noise, text};
use flashfit::check::{Report, Verdict};
use flashfit::squashfs::Squashfs;
use serde_json::Value;

const BOARD: &str = r#"name = "sample"

[flash]
size = "2 MiB"
erase-block = "64 KiB"

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
size = "640 KiB"
image = "rootfs.squashfs"
root = true

[[partition]]
name = "kernel-b"
slot = "b"
offset = "960 KiB"
size = "192 KiB"
image = "kernel.itb"

[[partition]]
name = "rootfs-b"
slot = "b"
offset = "1152 KiB"
size = "640 KiB"
image = "rootfs.squashfs"
root = true

[[partition]]
name = "data"
offset = "1792 KiB"
size = "256 KiB"

[[component]]
name = "server"
file = "rootfs.squashfs"
path = "/usr/bin/server"
budget = "200_000 B" # room for TLS

[[component]]
name = "kernel"
file = "kernel.itb"
budget = "160_000 B"
"#;

const CHECK: [&str; 3] = ["check", "board.toml", "images"];

/// A folder of images with a root file system of `options`.
fn scratch(options: &[&str]) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("board.toml", BOARD);
    scratch.write(
        "root/usr/bin/server",
        [text(1, 200_000), noise(2, 50_000)].concat(),
    );
    scratch.write("root/usr/bin/busybox", text(3, 267_144));
    scratch.write("root/etc/hostname", "sample\n");
    scratch.write("images/boot.bin", noise(4, 100_000));
    scratch.write("images/kernel.itb", noise(5, 150_000));
    scratch.mksquashfs("root", "images/rootfs.squashfs", options);
    scratch
}

fn exact() -> Scratch {
    scratch(&["-comp", "xz", "-b", "1M", "-no-fragments"])
}

/// Sets the line that starts the budget of a component or partition.
fn rewrite(scratch: &Scratch, from: &str, to: &str) {
    let text = fs::read_to_string(scratch.path("board.toml")).unwrap();
    assert!(text.contains(from), "{from}");
    scratch.write("board.toml", text.replace(from, to));
}

fn report(run: &Run) -> Report {
    serde_json::from_str(&run.stdout()).unwrap()
}

fn server_bytes(scratch: &Scratch) -> u64 {
    let image = File::open(scratch.path("images/rootfs.squashfs")).unwrap();
    Squashfs::read(image)
        .unwrap()
        .content("/usr/bin/server")
        .unwrap()
        .on_flash
        .get()
}

/// `1234567` as `1,234,567`.
fn grouped(bytes: u64) -> String {
    board::units::Bytes(bytes).to_string()
}

#[test]
fn what_fits_is_told_plainly() {
    let scratch = exact();
    let run = scratch.flashfit(&CHECK).exits(0);
    assert_eq!(run.stderr(), "");
    let table = run.stdout();
    assert!(!table.contains('\u{1b}'), "no colour in a pipe");
    let server = grouped(server_bytes(&scratch));
    has(
        &table,
        &[
            "boot ", "100,000", "131,072", "31,072", "76.3 %", "slot a", "chip", "erased", &server,
        ],
    );
    let size = grouped(
        fs::metadata(scratch.path("images/rootfs.squashfs"))
            .unwrap()
            .len(),
    );
    has(
        &table,
        &[
            "/usr/bin/busybox",
            "metadata",
            "padding",
            &format!("  {size}\n"),
        ],
    );
    assert!(table.lines().all(|line| line == line.trim_end()));
}

#[test]
fn a_terminal_gets_colours_and_the_same_table() {
    let scratch = exact();
    rewrite(&scratch, "200_000 B", "1_000 B");
    let plain = scratch.flashfit(&CHECK).exits(1).stdout();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flashfit"));
    command
        .args(CHECK)
        .current_dir(scratch.path("."))
        .env("CLICOLOR_FORCE", "1");
    let coloured = String::from_utf8(command.output().unwrap().stdout).unwrap();
    // Red and bold is what is over.
    has(&coloured, &["\u{1b}[31mserver "]);
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn the_table_lists_files_whose_sum_is_the_image() {
    let scratch = exact();
    for n in 0..20 {
        scratch.write(&format!("root/etc/{n}"), text(n, 2_000));
    }
    scratch.mksquashfs("root", "images/rootfs.squashfs", &["-comp", "gzip"]);
    let table = scratch.flashfit(&CHECK).exits(0).stdout();
    let lines = table
        .lines()
        .skip_while(|line| !line.starts_with("rootfs.squashfs "));
    let number = |line: &str| -> u64 {
        let cells: Vec<&str> = line.split("  ").filter(|cell| !cell.is_empty()).collect();
        cells[1]
            .trim()
            .trim_start_matches('~')
            .replace(',', "")
            .parse()
            .unwrap()
    };
    let numbers: Vec<u64> = lines.skip(1).map(number).collect();
    let (together, parts) = numbers.split_last().unwrap();
    assert!(parts.len() > 8);
    assert_eq!(parts.iter().sum::<u64>(), *together);
    assert_eq!(
        *together,
        fs::metadata(scratch.path("images/rootfs.squashfs"))
            .unwrap()
            .len()
    );
    has(&table, &["~"]);
}

#[test]
fn exactly_at_the_budget_fits_and_one_byte_over_does_not() {
    let scratch = exact();
    let bytes = server_bytes(&scratch);
    rewrite(&scratch, "200_000 B", &format!("{bytes} B"));
    scratch.flashfit(&CHECK).exits(0);
    rewrite(
        &scratch,
        &format!("\"{bytes} B\""),
        &format!("\"{} B\"", bytes - 1),
    );
    let run = scratch.flashfit(&CHECK).exits(1);
    assert_eq!(
        run.stderr(),
        format!(
            "server: {} bytes, {} allowed (board.toml:52), over by 1\n",
            grouped(bytes),
            grouped(bytes - 1)
        )
    );
    has(&run.stdout(), &["-1 ", "100.0 %"]);
}

#[test]
fn a_partition_at_its_size_fits_and_one_byte_over_does_not() {
    let scratch = exact();
    scratch.write("images/boot.bin", noise(1, 128 << 10));
    scratch.flashfit(&CHECK).exits(0);
    scratch.write("images/boot.bin", noise(1, (128 << 10) + 1));
    let run = scratch.flashfit(&CHECK).exits(1);
    assert_eq!(
        run.stderr(),
        "boot: 131,073 bytes, 131,072 allowed (board.toml:10), over by 1\n"
    );
}

#[test]
fn a_partitions_budget_is_its_bound() {
    let scratch = exact();
    rewrite(
        &scratch,
        "root = true\n",
        "root = true\nbudget = \"100_000 B\"\n",
    );
    let run = scratch.flashfit(&CHECK).exits(1);
    let errors = run.stderr();
    let errors: Vec<&str> = errors.lines().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    let size = fs::metadata(scratch.path("images/rootfs.squashfs"))
        .unwrap()
        .len();
    for (line, name, at) in [(errors[0], "rootfs-a", 27), (errors[1], "rootfs-b", 43)] {
        let expected = format!(
            "{name}: {} bytes, 100,000 allowed (board.toml:{at}), over by {}; largest contents: \
             /usr/bin/server {}, /usr/bin/busybox ",
            grouped(size),
            grouped(size - 100_000),
            grouped(server_bytes(&scratch)),
        );
        assert!(line.starts_with(&expected), "{line}\n{expected}");
    }
}

#[test]
fn a_slot_is_bounded_as_a_whole() {
    let scratch = exact();
    rewrite(
        &scratch,
        "[[component]]\nname = \"server\"",
        "[slot]\nbudget = \"200_000 B\"\n\n[[component]]\nname = \"server\"",
    );
    scratch.flashfit(&CHECK).exits(1).says(&[
        "slot a: ",
        " bytes, 200,000 allowed (board.toml:49), over by ",
        "; largest contents: kernel.itb 150,000, /usr/bin/server ",
        "slot b: ",
    ]);
}

#[test]
fn low_headroom_is_a_warning() {
    let scratch = exact();
    rewrite(
        &scratch,
        "erase-block",
        "headroom-warning = \"32 KiB\"\nerase-block",
    );
    let run = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(0);
    assert_eq!(
        run.stderr(),
        "warning: boot: 100,000 bytes, 131,072 allowed (board.toml:11), 31,072 left, \
         less than the 32,768 of `headroom-warning`\n"
    );
    let report = report(&run);
    assert_eq!(report.warnings.len(), 1);
    assert_eq!(
        report.partition("boot").unwrap().usage.verdict,
        Verdict::Low
    );
    // Its own figure goes before the chip's; a component has none but its own.
    rewrite(
        &scratch,
        "image = \"boot.bin\"",
        "image = \"boot.bin\"\nheadroom-warning = \"0 B\"",
    );
    rewrite(
        &scratch,
        "\"160_000 B\"",
        "\"160_000 B\"\nheadroom-warning = \"10_001 B\"",
    );
    let run = scratch.flashfit(&CHECK).exits(0);
    has(
        &run.stderr(),
        &[
            "warning: kernel: 150,000 bytes",
            "10,000 left, less than the 10,001",
        ],
    );
    assert_eq!(run.stderr().lines().count(), 1);
}

#[test]
fn json_has_everything_and_adds_up() {
    for options in [
        &["-comp", "xz", "-b", "1M", "-Xbcj", "armthumb"][..],
        &["-comp", "gzip"],
        &["-comp", "zstd"],
    ] {
        let scratch = scratch(options);
        let run = scratch
            .flashfit(&[&CHECK[..], &["--json"]].concat())
            .exits(0);
        let json: Value = serde_json::from_str(&run.stdout()).unwrap();
        assert_eq!(json["schema"], "flashfit-check/1");
        assert_eq!(json["board"], "sample");
        assert_eq!(json["fits"], true);
        assert_eq!(json["chip"]["allowed"], 2 << 20);
        assert_eq!(json["chip"]["erased"], 256 << 10);
        assert_eq!(json["partitions"][5]["image"], Value::Null);
        assert_eq!(json["partitions"][1]["headroom"], 192 * 1024 - 150_000);
        assert_eq!(json["components"][1]["share"], 0.9375);
        let image = json["images"]
            .as_array()
            .unwrap()
            .iter()
            .find(|image| image["file"] == "rootfs.squashfs")
            .unwrap();
        let squashfs = &image["squashfs"];
        let files = squashfs["files"].as_array().unwrap();
        assert_eq!(files.len(), 3);
        let own = |file: &Value| {
            file["on_flash"].as_u64().unwrap() - file["shared"].as_u64().unwrap_or_default()
        };
        let sum = files.iter().map(own).sum::<u64>()
            + squashfs["metadata"].as_u64().unwrap()
            + squashfs["padding"].as_u64().unwrap();
        assert_eq!(image["bytes"], sum);
        let server = files
            .iter()
            .find(|file| file["path"] == "/usr/bin/server")
            .unwrap();
        assert_eq!(server["raw"], 250_000);
        assert_eq!(server["on_flash"], json["components"][0]["used"]);
        assert_eq!(server["exact"], json["components"][0]["exact"]);
        // What is written is what is read.
        assert_eq!(report(&run).to_json(), run.stdout());
    }
}

#[test]
fn json_has_the_promised_shape() {
    // With an error, a warning, and a file whose data is stored for another.
    let scratch = exact();
    scratch.write("root/usr/bin/twin", text(3, 267_144));
    let options = ["-comp", "xz", "-b", "1M", "-no-fragments"];
    scratch.mksquashfs("root", "images/rootfs.squashfs", &options);
    rewrite(&scratch, "200_000 B", "1_000 B");
    let chip = "erase-block = \"64 KiB\"\n";
    let warns = format!("{chip}chip = \"w25q16\"\nheadroom-warning = \"1 MiB\"\n");
    rewrite(&scratch, chip, &warns);
    let run = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(1);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/check.json");
    assert_golden(&golden, &run.stdout());
}

#[test]
fn a_shared_fragment_is_marked() {
    // Files smaller than a block share one.
    let scratch = scratch(&["-comp", "xz", "-b", "1M"]);
    let run = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(0);
    assert!(!report(&run).component("server").unwrap().exact);
    let table = scratch.flashfit(&CHECK).exits(0).stdout();
    has(&table, &[&format!("~{}", grouped(server_bytes(&scratch)))]);
    let table = exact().flashfit(&CHECK).exits(0).stdout();
    assert!(!table.contains('~'));
}

#[test]
fn over_budget_json_is_whole_and_exits_1() {
    let scratch = exact();
    rewrite(&scratch, "200_000 B", "1_000 B");
    let run = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(1);
    let report = report(&run);
    assert!(!report.fits);
    assert_eq!(report.errors, [run.stderr().trim_end()]);
    assert_eq!(
        report.component("server").unwrap().usage.verdict,
        Verdict::Over
    );
}

/// A component that is not found would have no size, and pass.
#[test]
fn a_component_must_be_found() {
    let scratch = exact();
    rewrite(&scratch, "/usr/bin/server", "/usr/sbin/server");
    let run = scratch.flashfit(&CHECK).exits(2).says(&[
        "server: needs /usr/sbin/server in images/rootfs.squashfs (board.toml:48), but the \
         image does not have it, only /usr/bin/server; correct its `path`",
    ]);
    assert_eq!(run.stdout(), "", "no table that could be taken for a pass");
    rewrite(&scratch, "file = \"kernel.itb\"", "file = \"vmlinux\"");
    scratch.flashfit(&CHECK).exits(2).says(&[
        "kernel: needs images/vmlinux, which does not exist (board.toml:54)",
        "server: needs /usr/sbin/server",
    ]);
}

#[test]
fn a_symlink_is_named_with_its_target() {
    let scratch = exact();
    std::os::unix::fs::symlink("server", scratch.path("root/usr/bin/httpd")).unwrap();
    scratch.mksquashfs("root", "images/rootfs.squashfs", &[]);
    rewrite(&scratch, "/usr/bin/server", "/usr/bin/httpd");
    scratch.flashfit(&CHECK).exits(2).says(&[
        "server: needs /usr/bin/httpd in images/rootfs.squashfs (board.toml:48), but \
         /usr/bin/httpd is a symlink to server: name the file itself",
    ]);
}

#[test]
fn a_path_in_what_is_no_squashfs_is_bad_input() {
    let scratch = exact();
    rewrite(
        &scratch,
        "file = \"rootfs.squashfs\"",
        "file = \"kernel.itb\"",
    );
    scratch.flashfit(&CHECK).exits(2).says(&[
        "server: needs /usr/bin/server in images/kernel.itb (board.toml:48), which is not a \
             file system that flashfit knows: flashfit reads only a squashfs of version 4.0. \
             Build one, or remove `path`",
    ]);
}

#[test]
fn damaged_and_truncated_images_are_bad_input() {
    let scratch = exact();
    let good = fs::read(scratch.path("images/rootfs.squashfs")).unwrap();
    scratch.write("images/rootfs.squashfs", &good[..good.len() - 5000]);
    let run = scratch.flashfit(&CHECK).exits(2);
    has(
        &run.stderr(),
        &["rootfs-a: needs images/rootfs.squashfs (board.toml:20), which is a squashfs cut short"],
    );
    assert_eq!(run.stderr().lines().count(), 1, "one file, one message");
    let mut bad = good.clone();
    // The superblock's reference to the root inode.
    bad[32..40].fill(0xee);
    scratch.write("images/rootfs.squashfs", &bad);
    scratch
        .flashfit(&CHECK)
        .exits(2)
        .says(&["which is a damaged squashfs"]);
    fs::remove_file(scratch.path("images/rootfs.squashfs")).unwrap();
    scratch
        .flashfit(&CHECK)
        .exits(2)
        .says(&["rootfs-a: needs images/rootfs.squashfs, which does not exist"]);
}

#[test]
fn a_damaged_board_is_bad_input() {
    let scratch = exact();
    rewrite(&scratch, "[flash]", "[flash");
    scratch.flashfit(&CHECK).exits(2).says(&["board.toml:3: "]);
    scratch.write("board.toml", [0xff, 0xfe, 0x00]);
    scratch
        .flashfit(&CHECK)
        .exits(2)
        .says(&["board.toml: cannot be read: "]);
}

#[test]
fn a_baseline_names_what_moved() {
    let scratch = exact();
    let before = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(0)
        .stdout();
    scratch.write("before.json", before);
    let against = [&CHECK[..], &["--baseline", "before.json"]].concat();
    let same = scratch.flashfit(&against).exits(0).stdout();
    assert!(!same.contains("since the baseline"), "{same}");

    scratch.write("root/usr/lib/new.so", noise(8, 60_000));
    fs::remove_file(scratch.path("root/etc/hostname")).unwrap();
    scratch.write("images/kernel.itb", noise(5, 149_000));
    scratch.mksquashfs(
        "root",
        "images/rootfs.squashfs",
        &["-comp", "xz", "-b", "1M", "-no-fragments"],
    );
    let table = scratch.flashfit(&against).exits(0).stdout();
    has(
        &table,
        &[
            "since the baseline:\n  kernel.itb -1,000\n  rootfs.squashfs +",
            "; largest changes: /usr/lib/new.so +60,000 (new), ",
        ],
    );

    rewrite(
        &scratch,
        "root = true\n",
        "root = true\nbudget = \"64 KiB\"\n",
    );
    let run = scratch.flashfit(&against).exits(1);
    for line in run.stderr().lines() {
        has(line, &["; largest changes: /usr/lib/new.so +60,000 (new)"]);
        assert!(
            !line.contains("hostname"),
            "what shrank is no reason: {line}"
        );
    }
    rewrite(&scratch, "200_000 B", "1_000 B");
    scratch.flashfit(&against).exits(1).says(&[
        "server: ",
        "1,000 allowed (board.toml:54), over by ",
        "; nothing in it grew since the baseline",
    ]);
}

#[test]
fn a_baseline_must_be_one() {
    let scratch = exact();
    let against = [&CHECK[..], &["--baseline", "before.json"]].concat();
    scratch
        .flashfit(&against)
        .exits(2)
        .says(&["before.json: cannot be read: "]);
    scratch.write("before.json", "{}");
    scratch
        .flashfit(&against)
        .exits(2)
        .says(&["before.json: has the schema none, this program reads flashfit-check/1"]);
    scratch.write("before.json", "{");
    scratch
        .flashfit(&against)
        .exits(2)
        .says(&["before.json: is not a report of a check: "]);
    let report = scratch
        .flashfit(&[&CHECK[..], &["--json"]].concat())
        .exits(0)
        .stdout();
    scratch.write("before.json", report.replace("\"sample\"", "\"another\""));
    scratch
        .flashfit(&against)
        .exits(2)
        .says(&["before.json: is a report on another, not on sample"]);
}

#[test]
fn suggestions_come_when_asked() {
    let scratch = exact();
    assert_eq!(scratch.flashfit(&CHECK).exits(0).stderr(), "");
    rewrite(&scratch, "200_000 B", "500_000 B");
    let run = scratch
        .flashfit(&[&CHECK[..], &["--suggest"]].concat())
        .exits(0);
    let bytes = server_bytes(&scratch);
    let tight = (bytes * 105 / 100).div_ceil(1000);
    let expected = format!(
        "suggestion: server: {} bytes, 500,000 allowed (board.toml:52), {:.0} % used: budget = \
         \"{tight}_000 B\" would leave 5 %\n",
        grouped(bytes),
        bytes as f64 / 5_000.0,
    );
    assert_eq!(
        run.stderr(),
        expected,
        "and none for the kernel, whose budget is close"
    );
}

#[test]
fn the_command_line_is_checked() {
    let scratch = Scratch::new();
    scratch.flashfit(&["chekc"]).exits(2).says(&["check"]);
    scratch.flashfit(&["check", "--jsn"]).exits(2);
    scratch
        .flashfit(&["layout", "b", "--format", "fdt"])
        .exits(2)
        .says(&["mtdparts"]);
    scratch
        .flashfit(&["--help"])
        .exits(0)
        .prints(&["Exit codes:", "flashfit check board.toml"]);
    scratch
        .flashfit(&["--version"])
        .exits(0)
        .prints(&["flashfit "]);
}
