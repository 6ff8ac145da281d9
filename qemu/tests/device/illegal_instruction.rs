//! A CPU feature that board.toml claims and the silicon has not is no silent hang.

use std::ops::Range;
use std::path::Path;
use std::process::Command;

use flashfit::assemble::assemble;
use flashfit::images::Images;
use object::{Object, ObjectSegment, ObjectSymbol};
use tinyrust_qemu::{Diagnosis, HostSlot, ImageFolder, Machine};

use crate::harness::Running;
use crate::support::{images, log};

crate::tests![an_instruction_that_the_cpu_has_not_is_named_with_its_address_and_function,];

/// Undefined on every processor there is: ARM and Thumb, aarch64, MIPS, RISC-V and x86 all have
/// left it to nobody.
const UNDEFINED: [u8; 4] = [0xff; 4];

fn an_instruction_that_the_cpu_has_not_is_named_with_its_address_and_function() {
    let folder = tempfile::tempdir().expect("a folder");
    let (images, address, function) = damaged(folder.path());
    let _slot = HostSlot::acquire().expect("a host slot");
    let machine = Machine::builder(&images)
        .log(log(Running::here().name()))
        .power_on()
        .unwrap_or_else(|error| panic!("{error}"));
    let error = machine.wait_until_up().expect_err("the server dies");
    let Some(Diagnosis::IllegalInstruction(crash)) = error.diagnosis() else {
        panic!("{error}");
    };
    assert_eq!(crash.program.as_deref(), Some("tinyrust"), "{error}");
    assert_eq!(crash.address, Some(address), "{error}");
    let message = error.to_string();
    assert!(message.contains(&format!("{address:#x}")), "{message}");
    if let Some(function) = function {
        let named = crash.function.as_ref().expect("a function");
        assert_eq!((named.name.as_str(), named.offset), (function.as_str(), 0));
        assert!(message.contains(&function), "{message}");
    }
}

/// The images under test with an undefined instruction in the server: where, and in which
/// function where its symbols are there.
fn damaged(folder: &Path) -> (ImageFolder, u64, Option<String>) {
    let good = images();
    let board = good.board();
    let root = board
        .partitions
        .iter()
        .find(|part| part.root)
        .expect("a root");
    let squashfs = root.image.as_ref().expect("its image");
    let tree = folder.join("root");
    let bad = folder.join("images");
    std::fs::create_dir(&bad).expect("a folder");
    for entry in std::fs::read_dir(good.path()).expect("the images") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), bad.join(entry.file_name())).expect("a copy");
        }
    }
    tool(
        Command::new("unsquashfs")
            .args(["-no-progress", "-no-xattrs", "-dest"])
            .arg(&tree)
            .arg(good.file(squashfs)),
    );
    let server = tree.join("usr/bin/tinyrust");
    let mut program = std::fs::read(&server).expect("the server");
    let symbols = std::fs::read(good.file("tinyrust.debug")).ok();
    let function = symbols.as_ref().map(|_| "main".to_owned());
    let address = match &symbols {
        Some(symbols) => address_of("main", symbols),
        None => object::File::parse(&*program).expect("an ELF").entry() & !1,
    };
    let place = place_of(address, &program);
    program[place].copy_from_slice(&UNDEFINED);
    std::fs::write(&server, program).expect("the server");
    tool(
        Command::new("mksquashfs")
            .arg(&tree)
            .arg(bad.join(squashfs))
            .args([
                "-noappend",
                "-no-progress",
                "-quiet",
                "-all-root",
                "-no-xattrs",
            ])
            .args(["-comp", "xz", "-b", "1M"]),
    );
    let chip = bad.join("flash.bin");
    let files = Images::open(&bad).expect("the images");
    assemble(board, &files, &chip).unwrap_or_else(|error| panic!("{error}"));
    let images = ImageFolder::open(bad).unwrap_or_else(|error| panic!("{error}"));
    (images, address, function)
}

/// Where a function is in memory; the lowest bit says that it is Thumb code.
fn address_of(name: &str, symbols: &[u8]) -> u64 {
    let file = object::File::parse(symbols).expect("an ELF");
    let thumb = u64::from(file.architecture() == object::Architecture::Arm);
    let symbol = file.symbol_by_name(name).expect("the function");
    symbol.address() & !thumb
}

/// Where the instruction at an address is in the file.
fn place_of(address: u64, program: &[u8]) -> Range<usize> {
    let file = object::File::parse(program).expect("an ELF");
    let segment = file
        .segments()
        .find(|segment| (segment.address()..segment.address() + segment.size()).contains(&address))
        .expect("a segment with the function");
    let (offset, _) = segment.file_range();
    let start = usize::try_from(offset + address - segment.address()).expect("a small file");
    start..start + UNDEFINED.len()
}

#[track_caller]
fn tool(command: &mut Command) {
    let done = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}
