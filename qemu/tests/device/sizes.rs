//! What the images take of what board.toml allows.

use board::Slot;
use flashfit::check;
use flashfit::images::Images;

use crate::support::{images, no_slots};

crate::tests![
    both_slots_are_written_identical unless no_slots,
    everything_is_within_its_budget,
];

fn everything_is_within_its_budget() {
    let images = images();
    let files = Images::open(images.path()).expect("the folder");
    let report =
        check::check(images.board(), &files, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(report.fits, "{}", report.errors.join("\n"));
}

fn both_slots_are_written_identical() {
    let images = images();
    let flash = std::fs::read(images.file("flash.bin")).expect("flash.bin");
    let slots = images.board().slots();
    let content = |slot: &Slot<'_>| -> Vec<(String, Vec<u8>)> {
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
