//! What a damaged image leads to: never to a wait without an end.

use std::time::Instant;

use tinyrust_qemu::{Diagnosis, Error, Timeouts};

use crate::support::{Device, images};

crate::tests![
    a_damaged_root_fails_with_the_last_words_of_the_console,
    without_any_kernel_the_boot_loader_is_seen_to_give_up,
];

/// Partitions of that role, in all slots where there are some: `kernel` is kernel-a and kernel-b.
fn in_all_slots(role: &str) -> Vec<String> {
    let images = images();
    let partitions = images.board().partitions.iter();
    partitions
        .filter(|partition| partition.role == role)
        .map(|partition| partition.name.clone())
        .collect()
}

fn boot_fails(device: &mut Device) -> Error {
    let start = Instant::now();
    device.machine.power_on().expect("QEMU");
    let error = device
        .machine
        .wait_until_up()
        .expect_err("it cannot come up");
    // Well before the timeout of a silent device.
    assert!(start.elapsed() < Timeouts::default().whole, "{error}");
    error
}

fn a_damaged_root_fails_with_the_last_words_of_the_console() {
    let mut device = Device::off();
    for partition in in_all_slots("rootfs") {
        let flash = device.machine.flash().expect("power is off");
        flash.scramble(&partition, 1).expect("partition");
    }
    let error = boot_fails(&mut device);
    assert!(
        matches!(error.diagnosis(), Some(Diagnosis::KernelPanic(_))),
        "{error}"
    );
    let message = error.to_string();
    assert!(message.contains("HTTP 200 for /healthz"), "{message}");
    assert!(message.contains("Kernel panic - not syncing"), "{message}");
    let Error::Failed(failure) = error else {
        panic!("{error}");
    };
    assert!(failure.last_lines.len() > 10, "{failure}");
    let log = std::fs::read_to_string(&failure.log).expect("the whole log");
    // From the first word on.
    assert!(log.contains("U-Boot"), "{log}");
}

fn without_any_kernel_the_boot_loader_is_seen_to_give_up() {
    let mut device = Device::off();
    for partition in in_all_slots("kernel") {
        let flash = device.machine.flash().expect("power is off");
        flash.scramble(&partition, 2).expect("partition");
    }
    let error = boot_fails(&mut device);
    assert_eq!(
        error.diagnosis(),
        Some(&Diagnosis::BootLoaderPrompt),
        "{error}"
    );
}
