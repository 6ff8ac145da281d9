//! What the images may take. board.toml holds the budgets; what was promised to users
//! of the default board stands here once more, so that a budget cannot be raised over
//! it unnoticed.

use buildkit::checkout::DEFAULT_BOARD;
use flashfit::check::{self, Report};
use flashfit::images::Images;
use tinyrust_qemu::{ImageFolder, not_applicable};

/// Files of the image folder and what they may have, in bytes.
const FILES: [(&str, u64); 5] = [
    ("boot.bin", 448 << 10),
    ("kernel.itb", 1_600_000),
    ("rootfs.squashfs", 620_000),
    ("tinyrust", 400_000),
    ("hello", 285_000),
];

/// What the server may add to the flash, in bytes.
const SERVER_ON_FLASH: u64 = 205_000;

/// What kernel and root file system of one slot may take together, in bytes.
const SLOT: u64 = 2_200_000;

/// What was promised of every board, in bytes: what the server adds to the flash, the kernel as
/// the slot holds it, and a slot, of which two fit an 8 MiB chip.
const SERVER_ON_ANY_FLASH: u64 = 260_000;
const ANY_KERNEL: u64 = 2 << 20;
const ANY_SLOT: u64 = 3072 << 10;

fn images() -> ImageFolder {
    ImageFolder::from_environment().unwrap_or_else(|error| panic!("{error}"))
}

fn report(images: &ImageFolder) -> Report {
    let files = Images::open(images.path()).expect("the folder");
    check::check(images.board(), &files, None).unwrap_or_else(|error| panic!("{error}"))
}

/// The images, where they are those that something was promised for.
fn promised(test: &str) -> Option<ImageFolder> {
    let images = images();
    if images.board().name != DEFAULT_BOARD {
        not_applicable(test, "the board's budgets are all that was promised")
            .expect("standard error");
        return None;
    }
    Some(images)
}

#[test]
fn everything_is_within_its_budget() {
    let report = report(&images());
    assert!(report.fits, "{}", report.errors.join("\n"));
}

#[test]
fn every_board_keeps_what_was_promised_of_all() {
    let images = images();
    let board = images.board();
    let report = report(&images);
    let server = report.components.iter().find(|row| row.name == "server");
    let server = server.expect("a component `server` in board.toml");
    let mut sizes = vec![("server", server.usage.used, SERVER_ON_ANY_FLASH)];
    for slot in board.slots() {
        sizes.push(("slot", slot.size(), ANY_SLOT));
        let kernel = slot.role("kernel").expect("a kernel in each slot");
        let used = report.partition(&kernel.name).expect("its row").usage.used;
        sizes.push(("kernel", used, ANY_KERNEL));
    }
    for (what, size, allowed) in sizes {
        println!("{what}: {size} of {allowed}");
        assert!(
            size.get() <= allowed,
            "{what}: {size} bytes, {allowed} promised"
        );
    }
}

#[test]
fn files_are_as_small_as_promised() {
    let Some(images) = promised("files_are_as_small_as_promised") else {
        return;
    };
    for (name, allowed) in FILES {
        let path = images.file(name);
        // The example is no part of the device: only the direct build makes it.
        if name == "hello" && !path.exists() {
            not_applicable(
                "files_are_as_small_as_promised",
                "the images have no `hello`",
            )
            .expect("standard error");
            continue;
        }
        let size = std::fs::metadata(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .len();
        println!("{name}: {size} of {allowed}");
        assert!(
            size <= allowed,
            "{name}: {size} bytes, {allowed} promised, over by {}",
            size - allowed
        );
    }
}

#[test]
fn the_server_adds_as_little_to_the_flash_as_promised() {
    let Some(images) = promised("the_server_adds_as_little_to_the_flash_as_promised") else {
        return;
    };
    let report = report(&images);
    let server = report
        .components
        .iter()
        .find(|row| row.name == "server")
        .expect("a component `server` in board.toml");
    let (used, allowed) = (server.usage.used.get(), server.usage.allowed.get());
    assert!(
        used <= SERVER_ON_FLASH,
        "{used} bytes, {SERVER_ON_FLASH} promised"
    );
    assert!(
        allowed <= SERVER_ON_FLASH,
        "budget {allowed}, {SERVER_ON_FLASH} promised"
    );
}

#[test]
fn each_slot_leaves_users_the_room_that_was_promised() {
    let Some(images) = promised("each_slot_leaves_users_the_room_that_was_promised") else {
        return;
    };
    let report = report(&images);
    assert_eq!(report.slots.len(), 2);
    for slot in &report.slots {
        let (used, allowed) = (slot.usage.used.get(), slot.usage.allowed.get());
        assert!(
            used <= SLOT,
            "slot {}: {used} bytes, {SLOT} promised",
            slot.name
        );
        assert!(
            allowed <= SLOT,
            "slot {}: budget {allowed}, {SLOT} promised",
            slot.name
        );
    }
}

#[test]
fn both_slots_are_written_identical() {
    let images = images();
    let flash = std::fs::read(images.file("flash.bin")).expect("flash.bin");
    let slots = images.board().slots();
    let content = |slot: &board::Slot<'_>| -> Vec<(String, Vec<u8>)> {
        slot.partitions
            .iter()
            .map(|partition| {
                let start = usize::try_from(partition.offset.get()).expect("an offset");
                let size = usize::try_from(partition.size.get()).expect("a size");
                (partition.role.clone(), flash[start..start + size].to_vec())
            })
            .collect()
    };
    for slot in &slots[1..] {
        assert!(
            content(slot) == content(&slots[0]),
            "slot {} differs",
            slot.name
        );
    }
}
