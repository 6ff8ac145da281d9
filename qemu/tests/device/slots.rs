//! Two systems in one chip.

use tinyrust_qemu::flash::{ERASED, noise};

use crate::support::{Device, in_first_slot, no_slots, run};

crate::tests![
    the_boot_loader_boots_the_slot_it_is_told unless no_slots,
    a_damaged_kernel_leads_to_the_other_slot unless no_slots,
    a_missing_kernel_leads_to_the_other_slot unless no_slots,
];

fn the_boot_loader_boots_the_slot_it_is_told() {
    let mut device = Device::off();
    let machine = &mut device.machine;
    machine
        .power_on_to_boot_loader()
        .unwrap_or_else(|error| panic!("{error}"));
    let before = machine
        .boot_loader_command("printenv slot")
        .expect("prompt");
    assert_eq!(before.trim(), "slot=a");
    machine
        .boot_loader_command("setenv slot b")
        .expect("prompt");
    let saved = machine.boot_loader_command("saveenv").expect("prompt");
    assert!(saved.contains("OK"), "{saved}");
    machine
        .reset_from_boot_loader()
        .and_then(|()| machine.wait_until_up().map(drop))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_runs_from(&device, "b");

    // It was told once and for all.
    device.machine.power_cut();
    device.boot();
    assert_runs_from(&device, "b");
}

fn a_damaged_kernel_leads_to_the_other_slot() {
    let mut device = Device::off();
    let flash = device.machine.flash().expect("power is off");
    // The header stays good: only the hash tells that the kernel behind it is not.
    let partition = in_first_slot("kernel");
    let kernel = flash.read(&partition).expect("partition");
    let middle = kernel
        .iter()
        .rposition(|byte| *byte != 0xff)
        .expect("a kernel")
        / 2;
    flash
        .write(&partition, middle, &noise(64, 3))
        .expect("partition");
    device.boot();
    assert_runs_from(&device, "b");
}

fn a_missing_kernel_leads_to_the_other_slot() {
    let mut device = Device::off();
    let flash = device.machine.flash().expect("power is off");
    flash
        .fill(&in_first_slot("kernel"), ERASED)
        .expect("partition");
    device.boot();
    assert_runs_from(&device, "b");
}

#[track_caller]
fn assert_runs_from(device: &Device, slot: &str) {
    let machine = &device.machine;
    assert_eq!(
        machine.system().expect("document").slot.as_deref(),
        Some(slot)
    );
    let board = machine.images().board();
    let slots = board.slots();
    let wanted = slots
        .iter()
        .find(|each| each.name == slot)
        .expect("the slot");
    let root = wanted.root().expect("its root");
    let cmdline = run(machine, "cat /proc/cmdline");
    assert!(
        cmdline.contains(&format!("root=/dev/mtdblock{} ", root.mtd)),
        "{cmdline}"
    );
}
