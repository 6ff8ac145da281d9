//! Real programs: compiled, linked and stripped by the tools of this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use symbolmap::{
    Error, Owner, Piece, SymbolFiles, compare_raw, pieces_of_elf, pieces_of_raw, portable_map,
};

const MAIN: &str = "
extern int table_sum(int);
static int twice(int n) { return 2 * n; }
const char greeting[] = \"hello from the test\";
__attribute__((noinline)) int helper(int n) { return twice(n) + greeting[n & 7]; }
int main(int argc, char **argv) { return helper(argc) + table_sum(argc); }
";
const TABLE: &str = "
static const int numbers[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
__attribute__((noinline)) static int pick(int n) { return numbers[n & 63]; }
int table_sum(int n) { return pick(n) + pick(n + 1) + pick(n + 2); }
";
const RUST: &str = "
mod shapes {
    pub struct Square(pub u64);
    impl std::fmt::Display for Square {
        #[inline(never)]
        fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"{}\", self.0) }
    }
}
#[inline(never)]
fn answer(n: usize) -> shapes::Square { shapes::Square(n as u64 * 7) }
#[inline(never)]
fn page() -> &'static str { \"PAGE\" }
fn main() { println!(\"{}{}\", answer(std::env::args().count()), page()); }
";

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed by this test: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A static C program of two object files in a folder `src`: `prog`, `prog.map`, and stripped
/// `prog.stripped`.
fn c_program(flags: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    fs::create_dir(path.join("src")).unwrap();
    fs::write(path.join("src/main.c"), MAIN).unwrap();
    fs::write(path.join("src/table.c"), TABLE).unwrap();
    for name in ["main", "table"] {
        let (from, to) = (format!("src/{name}.c"), format!("src/{name}.o"));
        let fixed = ["-O1", "-fno-inline", "-c", &from, "-o", &to];
        run(&path, "cc", &[&fixed, flags].concat());
    }
    let link = [
        "src/main.o",
        "src/table.o",
        "-static",
        "-Wl,-Map=prog.map",
        "-o",
        "prog",
    ];
    run(&path, "cc", &link);
    run(&path, "strip", &["-o", "prog.stripped", "prog"]);
    run(
        &path,
        "objcopy",
        &["--only-keep-debug", "prog", "prog.debug"],
    );
    (folder, path)
}

fn assert_whole(pieces: &[Piece], length: usize) {
    let mut at = 0;
    for piece in pieces {
        assert_eq!(piece.offset, at, "{piece:?} leaves a gap or overlaps");
        assert!(piece.size > 0, "{piece:?}");
        at += piece.size;
    }
    assert_eq!(at, length as u64, "the pieces are not the whole file");
}

fn of_symbol<'a>(pieces: &'a [Piece], symbol: &str) -> Vec<&'a Piece> {
    pieces
        .iter()
        .filter(|piece| piece.symbol == symbol)
        .collect()
}

fn object(path: &str) -> Owner {
    Owner::Object(path.to_owned())
}

#[test]
fn a_map_gives_every_function_and_table_its_object_file() {
    for flags in [&["-ffunction-sections", "-fdata-sections"][..], &[]] {
        let (_folder, path) = c_program(flags);
        let elf = fs::read(path.join("prog.stripped")).unwrap();
        let symbols = fs::read(path.join("prog")).unwrap();
        let map = fs::read_to_string(path.join("prog.map")).unwrap();
        let pieces = pieces_of_elf(&elf, Some(&symbols), Some(&map)).unwrap();
        assert_whole(&pieces, elf.len());
        for (symbol, owner) in [
            ("main", "src/main.o"),
            ("helper", "src/main.o"),
            ("greeting", "src/main.o"),
            ("pick", "src/table.o"),
            ("table_sum", "src/table.o"),
            ("numbers", "src/table.o"),
        ] {
            let found = of_symbol(&pieces, symbol);
            assert_eq!(found.len(), 1, "{symbol}: {found:?}");
            assert_eq!(found[0].owner, object(owner), "{symbol}");
        }
        assert_eq!(of_symbol(&pieces, "numbers")[0].size, 256);
        let short = portable_map(&map);
        assert!(!short.contains(" /"), "a path of this machine is left");
        let with_short = pieces_of_elf(&elf, Some(&symbols), Some(&short)).unwrap();
        assert_eq!(with_short, pieces);
        assert_eq!(portable_map(&short), short);
        let libc = pieces
            .iter()
            .filter(|piece| piece.owner == Owner::Library("libc.a".into()));
        assert!(libc.map(|piece| piece.size).sum::<u64>() > 100_000);
        let code = pieces.iter().filter(|piece| piece.section == ".text");
        let unknown = code.clone().filter(|piece| piece.owner == Owner::Unknown);
        assert_eq!(unknown.count(), 0, "a map leaves no code unknown");
    }
}

#[test]
fn the_sizes_are_those_that_nm_prints() {
    let (_folder, path) = c_program(&[]);
    let elf = fs::read(path.join("prog.stripped")).unwrap();
    let symbols = fs::read(path.join("prog")).unwrap();
    let pieces = pieces_of_elf(&elf, Some(&symbols), None).unwrap();
    assert_whole(&pieces, elf.len());
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for piece in &pieces {
        *sizes.entry(&piece.symbol).or_default() += piece.size;
    }
    let listed = run(&path, "nm", &["-S", "prog"]);
    let listed = listed.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, size, "T" | "R", name] = words[..] else {
            return None;
        };
        Some((name.to_owned(), u64::from_str_radix(size, 16).ok()?))
    });
    let (mut equal, mut all) = (0, 0);
    for (name, size) in listed.filter(|(name, _)| sizes.contains_key(&**name)) {
        all += 1;
        // A function takes the padding behind it along.
        equal += usize::from((size..size + 16).contains(&sizes[&*name]));
    }
    assert!(
        all > 200 && equal * 100 >= all * 98,
        "{equal} of {all} sizes are nm's"
    );
}

#[test]
fn without_a_map_the_symbol_table_names_the_source_files() {
    let (_folder, path) = c_program(&[]);
    let elf = fs::read(path.join("prog")).unwrap();
    let pieces = pieces_of_elf(&elf, None, None).unwrap();
    assert_whole(&pieces, elf.len());
    assert_eq!(of_symbol(&pieces, "pick")[0].owner, object("table.c"));
    assert_eq!(of_symbol(&pieces, "numbers")[0].owner, object("table.c"));
    assert_eq!(of_symbol(&pieces, "twice")[0].owner, object("main.c"));
    let stripped = fs::read(path.join("prog.stripped")).unwrap();
    let pieces = pieces_of_elf(&stripped, None, None).unwrap();
    assert_whole(&pieces, stripped.len());
    let text: Vec<_> = pieces
        .iter()
        .filter(|piece| piece.section == ".text")
        .collect();
    assert_eq!(text.len(), 1);
    assert_eq!(text[0].owner, Owner::Unknown);
}

#[test]
fn symbols_and_maps_of_another_build_are_refused() {
    let (_folder, path) = c_program(&[]);
    let (_other, other) = c_program(&["-DX", "-falign-functions=256"]);
    let read = |folder: &Path, name: &str| fs::read(folder.join(name)).unwrap();
    let elf = read(&path, "prog.stripped");
    let error = pieces_of_elf(&elf, Some(&read(&other, "prog.debug")), None).unwrap_err();
    assert!(matches!(error, Error::OtherSymbols { .. }), "{error}");
    let map = String::from_utf8(read(&other, "prog.map")).unwrap();
    let error = pieces_of_elf(&elf, None, Some(&map)).unwrap_err();
    assert!(matches!(error, Error::OtherMap { .. }), "{error}");
    let error = pieces_of_elf(&elf, None, Some("no map")).unwrap_err();
    assert!(matches!(error, Error::NotMap), "{error}");
    let error = pieces_of_elf(b"no program", None, None).unwrap_err();
    assert!(matches!(error, Error::NotElf { .. }), "{error}");
}

#[test]
fn a_rust_program_is_divided_among_its_crates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let page: String = (0..400).map(|number| format!("{number}<br>")).collect();
    fs::write(path.join("measured.rs"), RUST.replace("PAGE", &page)).unwrap();
    for mangling in ["v0", "legacy"] {
        let flag = format!("-Csymbol-mangling-version={mangling}");
        let unstable = match mangling {
            "legacy" => "-Zunstable-options",
            _ => "-Cdebuginfo=0",
        };
        let arguments = ["-O", "--edition=2021", &flag, unstable, "measured.rs"];
        let rustc = Command::new("rustc")
            .args(arguments)
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(path)
            .output()
            .unwrap();
        assert!(rustc.status.success(), "{rustc:?}");
        run(path, "strip", &["-o", "stripped", "measured"]);
        run(
            path,
            "objcopy",
            &["--only-keep-debug", "measured", "measured.debug"],
        );
        let elf = fs::read(path.join("stripped")).unwrap();
        let symbols = fs::read(path.join("measured.debug")).unwrap();
        let pieces = pieces_of_elf(&elf, Some(&symbols), None).unwrap();
        assert_whole(&pieces, elf.len());
        let own = Owner::Crate("measured".to_owned());
        let answer = of_symbol(&pieces, "measured::answer");
        assert_eq!(answer.len(), 1, "{mangling}");
        assert_eq!(answer[0].owner, own);
        let display = "<measured::shapes::Square as core::fmt::Display>::fmt";
        assert_eq!(of_symbol(&pieces, display)[0].owner, own, "{mangling}");
        let is_page = |piece: &&Piece| {
            let bytes = &elf[piece.offset as usize..(piece.offset + piece.size) as usize];
            bytes.starts_with(&page.as_bytes()[..64])
        };
        let found: Vec<&Piece> = pieces.iter().filter(is_page).collect();
        assert_eq!(found.len(), 1, "{mangling}: {found:?}");
        assert_eq!(found[0].owner, own, "{mangling}: {found:?}");
        assert!(
            found[0].symbol.starts_with("constants of measured::"),
            "{found:?}"
        );
        assert!(found[0].size >= page.len() as u64, "{found:?}");
        for krate in ["core", "std", "alloc"] {
            let krate = Owner::Crate(krate.to_owned());
            let bytes: u64 = pieces
                .iter()
                .filter(|piece| piece.owner == krate)
                .map(|piece| piece.size)
                .sum();
            assert!(bytes > 1000, "{mangling}: {krate:?} has {bytes} bytes");
        }
    }
}

#[test]
fn a_raw_image_has_the_sections_at_their_load_addresses() {
    let (_folder, path) = c_program(&[]);
    let sections = ["-j", ".text", "-j", ".rodata", "-j", ".data", "-j", ".init"];
    run(
        &path,
        "objcopy",
        &[&sections[..], &["-O", "binary", "prog", "raw"]].concat(),
    );
    let elf = fs::read(path.join("prog")).unwrap();
    let map = fs::read_to_string(path.join("prog.map")).unwrap();
    let mut raw = fs::read(path.join("raw")).unwrap();
    let pieces = pieces_of_raw(&raw, &elf, Some(&map)).unwrap();
    assert_whole(&pieces, raw.len());
    let numbers = of_symbol(&pieces, "numbers")[0].clone();
    assert_eq!(
        (numbers.size, &numbers.owner),
        (256, &object("src/table.o"))
    );
    let at = numbers.offset as usize;
    assert_eq!(raw[at..at + 12], [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);

    // Changed after linking, and with a device tree behind its end.
    raw[at..at + 4].copy_from_slice(&[9, 9, 9, 9]);
    let length = raw.len();
    raw.extend_from_slice(b"\xd0\x0d\xfe\xed and more");
    let pieces = pieces_of_raw(&raw, &elf, Some(&map)).unwrap();
    assert_whole(&pieces, raw.len());
    let last = pieces.last().unwrap();
    assert_eq!((&*last.symbol, last.offset), ("device tree", length as u64));
    let changed = compare_raw(&raw, &elf).unwrap().sections;
    let changed: Vec<_> = changed.iter().filter(|place| place.changed > 0).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!((&*changed[0].name, changed[0].changed), (".rodata", 4));

    let error = pieces_of_raw(&vec![0x55; 300_000], &elf, None).unwrap_err();
    assert!(matches!(error, Error::OtherRaw { .. }), "{error}");
}

#[test]
fn twins_are_found_by_build_id_or_bytes_never_by_name() {
    let (_folder, path) = c_program(&[]);
    let (_other, other) = c_program(&["-falign-functions=256"]);
    // The other program's symbols under this one's name.
    fs::create_dir(path.join("images")).unwrap();
    fs::copy(other.join("prog"), path.join("images/prog.debug")).unwrap();
    let elf = fs::read(path.join("prog.stripped")).unwrap();
    let wrong = SymbolFiles::search(&[path.join("images")]).unwrap();
    assert_eq!(wrong.twin_of("prog", &elf), None);

    let right = SymbolFiles::search(&[&path]).unwrap();
    let twin = right.twin_of("prog", &elf).unwrap();
    assert_eq!(twin.map, Some(path.join("prog.map")));
    assert!([path.join("prog"), path.join("prog.debug")].contains(&twin.symbols));

    run(
        &path,
        "objcopy",
        &["-j", ".text", "-O", "binary", "prog", "raw"],
    );
    let raw = fs::read(path.join("raw")).unwrap();
    let twin = right.source_of_raw("raw", &raw).unwrap();
    assert_eq!(
        (twin.symbols, twin.map),
        (path.join("prog"), Some(path.join("prog.map")))
    );
    assert_eq!(wrong.source_of_raw("raw", &raw), None);
    assert!(SymbolFiles::search(&[path.join("missing")]).is_err());
}

#[test]
fn without_a_build_id_the_layout_or_the_code_decides() {
    let (_folder, path) = c_program(&[]);
    for name in ["prog", "prog.stripped", "prog.debug"] {
        run(
            &path,
            "objcopy",
            &["--remove-section=.note.gnu.build-id", name],
        );
    }
    let elf = fs::read(path.join("prog.stripped")).unwrap();
    fs::create_dir(path.join(".debug")).unwrap();
    fs::rename(path.join("prog.debug"), path.join(".debug/prog")).unwrap();
    fs::remove_file(path.join("prog")).unwrap();
    let files = SymbolFiles::search(&[&path]).unwrap();
    let twin = files.twin_of("prog", &elf).unwrap();
    assert_eq!(twin.symbols, path.join(".debug/prog"));
    assert_eq!(twin.map, Some(path.join("prog.map")));
}
