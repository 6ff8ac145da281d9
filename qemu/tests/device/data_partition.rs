//! Whatever is in the data partition, the device comes up and says what it found.

use tinyrust_qemu::flash::{ERASED, Flash};

use crate::support::{Device, applies, data_state, no_data, run};

const PARTITION: &str = "data";

/// Boots with an edited data partition, expects the device to tell `expected`, and
/// checks that from then on it is as good as new.
fn boot_with(test: &str, edit: impl FnOnce(&Flash), expected: &str) {
    if !applies(test, no_data()) {
        return;
    }
    let mut device = Device::off(test);
    edit(device.machine.flash().expect("power is off"));
    device.boot();
    assert_eq!(state_told_everywhere(&device), expected);
    run(
        &device.machine,
        "echo kept >/etc/kept && echo kept >/data/kept && sync",
    );
    device.machine.power_cut();
    device.boot();
    assert_eq!(state_told_everywhere(&device), "ok");
    assert_eq!(
        run(&device.machine, "cat /etc/kept /data/kept"),
        "kept\nkept\n"
    );
}

fn state_told_everywhere(device: &Device) -> String {
    let state = data_state(&device.machine);
    let console = device.machine.console_of_this_boot().expect("power is on");
    let told = format!("data: {state}");
    // The console is for warnings: it says that data was lost, and nothing where all is well.
    assert_eq!(
        console.contains(&told),
        state != "ok",
        "`{told}` on the console:\n{console}"
    );
    state
}

#[test]
fn an_empty_data_partition_is_formatted() {
    boot_with(
        "an_empty_data_partition_is_formatted",
        |flash| flash.fill(PARTITION, ERASED).expect("partition"),
        "formatted-new",
    );
}

#[test]
fn a_zeroed_data_partition_is_formatted() {
    boot_with(
        "a_zeroed_data_partition_is_formatted",
        |flash| flash.fill(PARTITION, 0).expect("partition"),
        "formatted-corrupt",
    );
}

#[test]
fn a_data_partition_of_noise_is_formatted() {
    boot_with(
        "a_data_partition_of_noise_is_formatted",
        |flash| flash.scramble(PARTITION, 4).expect("partition"),
        "formatted-corrupt",
    );
}

#[test]
fn a_partly_damaged_data_partition_comes_up() {
    const NAME: &str = "a_partly_damaged_data_partition_comes_up";
    if !applies(NAME, no_data()) {
        return;
    }
    let mut device = Device::up(NAME);
    // Enough files for the damage to hit some, and enough room for it to spare some: a third
    // of the partition.
    let board = device.machine.images().board();
    let partition = board.partition(PARTITION).expect("the data partition");
    let files = partition.size.get() / 3 / 8192;
    run(
        &device.machine,
        &format!(
            "mkdir /data/files; n=0; while [ $n -lt {files} ]; do \
             dd if=/usr/bin/tinyrust of=/data/files/$n bs=8192 skip=$((n % 20)) count=1 2>/dev/null; \
             n=$((n+1)); done; sync"
        ),
    );
    device.machine.power_cut();

    let flash = device.machine.flash().expect("power is off");
    let erase_block = usize::try_from(device.machine.images().board().flash.erase_block.get())
        .expect("an erase block fits memory");
    let size = flash.read(PARTITION).expect("partition").len();
    for (number, block) in (0..size).step_by(erase_block).enumerate() {
        // A header here, a node's middle there.
        let offset = if number % 2 == 0 { 0 } else { erase_block / 3 };
        flash
            .write(
                PARTITION,
                block + offset,
                &tinyrust_qemu::flash::noise(700, 5),
            )
            .expect("partition");
    }
    device.boot();
    let state = state_told_everywhere(&device);
    assert!(
        ["ok", "formatted-corrupt"].contains(&state.as_str()),
        "{state}"
    );
    run(
        &device.machine,
        "echo kept >/data/kept && echo kept >/etc/kept && sync",
    );
    device.machine.power_cut();
    device.boot();
    assert_eq!(state_told_everywhere(&device), "ok");
    assert_eq!(
        run(&device.machine, "cat /data/kept /etc/kept"),
        "kept\nkept\n"
    );
}

#[test]
fn a_device_without_a_usable_data_partition_keeps_its_settings_in_memory() {
    const NAME: &str = "a_device_without_a_usable_data_partition_keeps_its_settings_in_memory";
    if !applies(NAME, no_data()) {
        return;
    }
    let mut device = Device::up(NAME);
    let machine = &device.machine;
    // The start of /data, once more, in a kernel that says it has no such partition: what a
    // map without one, or a chip that did not answer, leads to.
    run(
        machine,
        "umount /etc && umount /data && grep -v '\"data\"' /proc/mtd >/tmp/mtd && \
         mount -o bind /tmp/mtd /proc/mtd && /etc/init.d/data; umount /proc/mtd",
    );
    assert_eq!(data_state(&device.machine), "tmpfs");
    let log = run(&device.machine, "dmesg");
    let told = "data: not usable, settings are lost at the next restart";
    assert!(log.contains(told), "{log}");
    run(
        &device.machine,
        "echo lost >/data/lost && echo lost >/etc/lost && sync",
    );
    assert_eq!(run(&device.machine, "cat /etc/lost"), "lost\n");
    device.machine.power_cut();
    device.boot();
    assert_eq!(state_told_everywhere(&device), "ok");
    let left = run(
        &device.machine,
        "ls /data/lost /etc/lost 2>/dev/null || true",
    );
    assert_eq!(left, "");
}
