//! Reports on real images: squashfs-tools makes them, a C compiler the programs in them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use board::units::Bytes;
use flashfit::report::{self, Kind, Node, Options, Report};

fn run(command: &mut Command) {
    let output = command.output().expect("a program that the tests need");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}

/// A folder with an image, its map, its packages and the symbols of its program.
fn image(folder: &Path, compressor: &str) {
    let root = folder.join("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("bin")).unwrap();
    let noise = |seed: u32, length: usize| -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    };
    fs::write(root.join("etc/noise"), noise(1, 20_000)).unwrap();
    fs::write(root.join("etc/zeros"), vec![b' '; 50_000]).unwrap();
    fs::hard_link(root.join("etc/noise"), root.join("etc/noise-again")).unwrap();
    let table: Vec<String> = noise(2, 9_000).iter().map(u8::to_string).collect();
    fs::write(
        folder.join("p.c"),
        format!(
            "const unsigned char table[] = {{{}}};\nint twice(int a) {{ return a * 2 + table[a]; }}\n\
             int main(int c, char **v) {{ return twice(c); }}\n",
            table.join(",")
        ),
    )
    .unwrap();
    let program = folder.join("p.debug");
    run(Command::new("cc")
        .args(["-O1", "-o"])
        .arg(&program)
        .arg(folder.join("p.c")));
    run(Command::new("objcopy")
        .arg("--strip-all")
        .arg(&program)
        .arg(root.join("bin/p")));
    run(Command::new("mksquashfs")
        .arg(&root)
        .arg(folder.join("rootfs.squashfs"))
        .args([
            "-noappend",
            "-no-progress",
            "-quiet",
            "-all-root",
            "-comp",
            compressor,
        ]));
    fs::remove_dir_all(&root).unwrap();
    fs::write(
        folder.join("board.toml"),
        r#"
[flash]
size = "256 KiB"
erase-block = "4 KiB"

[[partition]]
name = "rootfs-a"
slot = "a"
offset = "0 KiB"
size = "96 KiB"
image = "rootfs.squashfs"
root = true

[[partition]]
name = "rootfs-b"
slot = "b"
offset = "96 KiB"
size = "96 KiB"
image = "rootfs.squashfs"
root = true

[[partition]]
name = "data"
offset = "192 KiB"
size = "64 KiB"
"#,
    )
    .unwrap();
    fs::write(
        folder.join("packages-file-list.txt"),
        "noise,./etc/noise\nnoise,./etc/noise-again\nspaces,./etc/zeros\np,./bin/p\n",
    )
    .unwrap();
}

/// Every node's children add up to it, and no sibling shares its name.
fn assert_whole(report: &Report) {
    report.root.walk(&mut |path, node| {
        if !node.children.is_empty() {
            let sum: u64 = node.children.iter().map(|child| child.on_flash.get()).sum();
            assert_eq!(Bytes(sum), node.on_flash, "{path:?}");
        }
        for (at, child) in node.children.iter().enumerate() {
            let before = &node.children[..at];
            let same = |other: &&Node| other.name == child.name && other.section == child.section;
            assert!(
                !before.iter().any(|other| same(&other)),
                "{path:?}: two {}",
                child.name
            );
        }
    });
}

/// The node of that name that is nearest to the root.
fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let below = || node.children.iter().find_map(|child| find(child, name));
    if node.name == name {
        Some(node)
    } else {
        below()
    }
}

fn build(path: &Path, recompress: u64, without: &[&str]) -> Report {
    let options = Options {
        recompress,
        without: without.iter().map(|part| (*part).to_owned()).collect(),
        ..Options::default()
    };
    let report = report::build(path, &options).unwrap();
    assert_whole(&report);
    report
}

#[test]
fn each_compressor_gives_a_whole_tree_with_packages_and_functions() {
    for compressor in ["xz", "gzip", "zstd", "lz4", "lzo"] {
        let folder = tempfile::tempdir().unwrap();
        image(folder.path(), compressor);
        let report = build(folder.path(), 16 << 20, &[]);
        assert_eq!(report.root.on_flash, Bytes(256 << 10), "{compressor}");
        let files = report.root.find(&["rootfs-a", "rootfs.squashfs"]).unwrap();
        let noise = find(files, "/etc/noise").unwrap();
        // What cannot be compressed takes its size, or what the compressor makes of it.
        // Of zstd it is not known which bytes of a block took them.
        let taken = match compressor {
            "zstd" => noise.if_removed.unwrap(),
            _ => noise.on_flash,
        };
        assert!(
            taken.get().abs_diff(20_000) < 500,
            "{compressor}: {noise:?}"
        );
        let again = find(files, "/etc/noise-again").unwrap();
        assert_eq!(again.on_flash, Bytes(0));
        assert_eq!(again.note.as_deref(), Some("same data as /etc/noise"));
        let spaces = find(files, "spaces").unwrap();
        let most = if compressor == "zstd" { 20_000 } else { 2_000 };
        assert!(spaces.on_flash.get() < most, "{compressor}: {spaces:?}");
        let program = find(files, "/bin/p").unwrap();
        let mut table = None;
        program.walk(&mut |_, node| {
            if node.name == "table" && node.kind == Kind::Function {
                table = Some(node.clone());
            }
        });
        let table = table.unwrap_or_else(|| panic!("{compressor}: no table in {program:#?}"));
        assert_eq!(table.raw, Some(Bytes(9_000)));
        assert!(
            compressor == "zstd" || table.on_flash.get() > 4_000,
            "{compressor}: {table:?}"
        );
        let slot_b = report.root.find(&["rootfs-b", "rootfs.squashfs"]).unwrap();
        assert_eq!(
            slot_b.same_as,
            Some(vec!["rootfs-a".into(), "rootfs.squashfs".into()])
        );
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }
}

#[test]
fn what_is_left_out_is_compressed_again() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), "xz");
    let report = build(folder.path(), 16 << 20, &["noise > /etc/noise"]);
    let without = report.without.unwrap();
    assert_eq!(without.parts[0].last().unwrap(), "/etc/noise");
    assert!(without.saved.get().abs_diff(20_000) < 500, "{without:?}");
    let noise = find(&report.root, "/etc/noise").unwrap();
    assert_eq!(noise.if_removed, Some(without.saved));

    let options = Options {
        without: vec!["nosie".to_owned()],
        ..Options::default()
    };
    let error = report::build(folder.path(), &options)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("no part is named `nosie`"), "{error}");
}

#[test]
fn a_chip_without_a_map_is_found_by_its_headers() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), "xz");
    let squashfs = fs::read(folder.path().join("rootfs.squashfs")).unwrap();
    let mut chip = vec![0xff; 256 << 10];
    chip[64 << 10..(64 << 10) + squashfs.len()].copy_from_slice(&squashfs);
    let file = folder.path().join("firmware.bin");
    fs::write(&file, &chip).unwrap();
    let report = build(&file, 0, &[]);
    assert_eq!(report.root.on_flash, Bytes(256 << 10));
    let mut found = Vec::new();
    report.root.walk(&mut |path, node| {
        if node.kind == Kind::File {
            found.push(path.join("/"));
        }
    });
    assert!(
        found.iter().any(|path| path.ends_with("etc/noise")),
        "{found:?}"
    );

    // The same chip with its map.
    let options = Options {
        board: Some(folder.path().join("board.toml")),
        ..Options::default()
    };
    let mut mapped = vec![0xff; 256 << 10];
    mapped[..squashfs.len()].copy_from_slice(&squashfs);
    mapped[96 << 10..(96 << 10) + squashfs.len()].copy_from_slice(&squashfs);
    fs::write(&file, &mapped).unwrap();
    let report = report::build(&file, &options).unwrap();
    assert_whole(&report);
    let names: Vec<&str> = report
        .root
        .children
        .iter()
        .map(|child| &*child.name)
        .collect();
    assert_eq!(names, ["rootfs-a", "rootfs-b", "data"]);
    assert!(report.root.children[1].children[0].same_as.is_some());
}

#[test]
fn a_damaged_image_ends_in_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), "xz");
    let file = folder.path().join("rootfs.squashfs");
    let mut bytes = fs::read(&file).unwrap();
    for byte in &mut bytes[200..300] {
        *byte ^= 0x55;
    }
    fs::write(&file, &bytes).unwrap();
    let error = report::build(folder.path(), &Options::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("rootfs.squashfs"), "{error}");
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let error = report::build(&file, &Options::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("cut short"), "{error}");
}

#[test]
fn symbols_of_another_build_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), "xz");
    let other = folder.path().join("other.c");
    fs::write(
        &other,
        "int other(int a) { return a * 3; } int main(void) { return other(1); }",
    )
    .unwrap();
    run(Command::new("cc")
        .arg("-o")
        .arg(folder.path().join("p.debug"))
        .arg(&other));
    let report = build(folder.path(), 0, &[]);
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.contains("has no symbols")),
        "{:?}",
        report.warnings
    );
}

#[test]
fn the_terminal_says_what_leaving_a_part_out_saves() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), "xz");
    let output = Command::new(env!("CARGO_BIN_EXE_flashfit"))
        .args([
            "report",
            "--recompress",
            "0 B",
            "--without",
            "noise > /etc/noise",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().last().unwrap();
    assert!(
        line.starts_with("without noise > /etc/noise: 20,"),
        "{said}"
    );
    assert!(line.contains(" bytes less; on flash 20,"), "{said}");
}
