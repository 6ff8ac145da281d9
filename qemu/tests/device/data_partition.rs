//! Whatever is in the data partition, the device comes up and says what it found.

use tinyrust_qemu::flash::{ERASED, Flash};

use crate::harness::say;
use crate::support::{Device, data_state, no_data, run};

crate::tests![
    an_empty_data_partition_is_formatted unless no_data,
    a_zeroed_data_partition_is_formatted unless no_data,
    a_data_partition_of_noise_is_formatted unless no_data,
    a_partly_damaged_data_partition_keeps_what_was_not_hit unless no_data,
    a_device_without_a_usable_data_partition_keeps_its_settings_in_memory unless no_data,
];

const PARTITION: &str = "data";

/// Boots with an edited data partition, expects the device to tell `expected`, and
/// checks that from then on it is as good as new.
fn boot_with(edit: impl FnOnce(&Flash), expected: &str) {
    let mut device = Device::off();
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

fn an_empty_data_partition_is_formatted() {
    boot_with(
        |flash| flash.fill(PARTITION, ERASED).expect("partition"),
        "formatted-new",
    );
}

fn a_zeroed_data_partition_is_formatted() {
    boot_with(
        |flash| flash.fill(PARTITION, 0).expect("partition"),
        "formatted-corrupt",
    );
}

fn a_data_partition_of_noise_is_formatted() {
    boot_with(
        |flash| flash.scramble(PARTITION, 4).expect("partition"),
        "formatted-corrupt",
    );
}

/// One erase block in that many is damaged.
const SPARED: usize = 8;

fn a_partly_damaged_data_partition_keeps_what_was_not_hit() {
    let mut device = Device::up();
    // Enough files for the damage to hit some: a third of the partition.
    let board = device.machine.images().board();
    let partition = board.partition(PARTITION).expect("the data partition");
    let files = partition.size.get() / 3 / 8192;
    let each = |what: &str| format!("n=0; while [ $n -lt {files} ]; do {what}; n=$((n+1)); done");
    let original = "dd if=/usr/bin/tinyrust bs=8192 skip=$((n % 20)) count=1 2>/dev/null";
    run(
        &device.machine,
        &format!(
            "mkdir /data/files; {}; sync",
            each(&format!("{original} >/data/files/$n"))
        ),
    );
    device.machine.power_cut();

    let flash = device.machine.flash().expect("power is off");
    let erase_block = usize::try_from(device.machine.images().board().flash.erase_block.get())
        .expect("an erase block fits memory");
    let size = flash.read(PARTITION).expect("partition").len();
    for (number, block) in (0..size).step_by(erase_block * SPARED).enumerate() {
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
    // JFFS2 skips what has a wrong checksum: nothing is formatted, and no other file is lost.
    assert_eq!(state_told_everywhere(&device), "ok");
    let whole = each(&format!(
        "[ \"$({original} | md5sum)\" = \"$(md5sum </data/files/$n 2>/dev/null)\" ] && echo $n"
    ));
    let whole = run(&device.machine, &format!("{whole}; true"));
    let whole = whole.lines().count() as u64;
    say(format_args!("{whole} of {files} files are whole"));
    assert!(whole * 2 > files, "{whole} of {files} files are whole");
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

fn a_device_without_a_usable_data_partition_keeps_its_settings_in_memory() {
    let mut device = Device::up();
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
