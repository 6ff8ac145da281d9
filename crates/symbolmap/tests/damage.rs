//! Damaged programs and maps: an error or pieces that are the whole file, never a panic.

use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;
use symbolmap::{Piece, pieces_of_elf, pieces_of_raw};

/// A small program with its map and its raw image.
static PROGRAM: LazyLock<(Vec<u8>, String, Vec<u8>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &[&str]| {
        let mut command = Command::new(line[0]);
        let status = command
            .args(&line[1..])
            .current_dir(&folder)
            .status()
            .unwrap();
        assert!(status.success(), "{line:?}");
    };
    let source = "static int f(int n) { return n + 1; } int g[9] = {1, 2, 3};
                  void _start(void) { for (;;) g[0] = f(g[1]); }";
    fs::write(folder.path().join("a.c"), source).unwrap();
    let flags = ["-nostdlib", "-static", "-O0", "-Wl,-Map=a.map"];
    run(&[&["cc", "a.c", "-o", "a"], &flags[..]].concat());
    run(&["objcopy", "-O", "binary", "a", "a.raw"]);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    (
        read("a"),
        String::from_utf8(read("a.map")).unwrap(),
        read("a.raw"),
    )
});

fn whole(pieces: &[Piece], length: usize) -> bool {
    let mut at = 0;
    let side_by_side = pieces.iter().all(|piece| {
        let right = piece.offset == at && piece.size > 0;
        at += piece.size;
        right
    });
    side_by_side && at == length as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn flipped_bits_and_cut_ends(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..6),
        headers in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        keep in any::<bool>(),
        twin in any::<bool>(),
    ) {
        let (elf, map, raw) = &*PROGRAM;
        let mut broken = elf.clone();
        for (at, bit) in flips {
            let at = at.index(broken.len());
            broken[at] ^= 1 << bit;
        }
        // The tables of headers are a small part of the file, and most of what is read.
        let table = elf.len() - 64 * 16;
        for (at, byte) in headers {
            let at = table + at.index(elf.len() - table);
            broken[at] = byte;
        }
        if !keep {
            broken.truncate(cut.index(elf.len()));
        }
        let symbols = twin.then_some(&elf[..]);
        if let Ok(pieces) = pieces_of_elf(&broken, symbols, Some(map)) {
            prop_assert!(whole(&pieces, broken.len()));
        }
        if let Ok(pieces) = pieces_of_elf(elf, Some(&broken), None) {
            prop_assert!(whole(&pieces, elf.len()));
        }
        if let Ok(pieces) = pieces_of_raw(raw, &broken, Some(map)) {
            prop_assert!(whole(&pieces, raw.len()));
        }
    }

    #[test]
    fn maps_of_any_content(
        lines in prop::collection::vec((any::<prop::sample::Index>(), ".{0,40}"), 0..8),
        numbers in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..8),
    ) {
        let (elf, map, _) = &*PROGRAM;
        let mut all: Vec<String> = map.lines().map(str::to_owned).collect();
        for (at, line) in lines {
            let at = at.index(all.len());
            all[at] = line;
        }
        for (at, number) in numbers {
            let at = at.index(all.len());
            all.insert(at, format!(" .text  {number:#x} {:#x} some.o", number.rotate_left(9)));
        }
        if let Ok(pieces) = pieces_of_elf(elf, None, Some(&all.join("\n"))) {
            prop_assert!(whole(&pieces, elf.len()));
        }
    }
}
