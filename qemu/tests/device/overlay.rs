//! What is written survives what it should survive.

use crate::support::{Device, data_state, no_data, run};

crate::tests![
    settings_survive_a_reboot unless no_data,
    settings_survive_being_switched_off unless no_data,
    what_is_not_settings_is_gone_after_a_reboot,
    broken_settings_do_not_keep_the_device_from_coming_up unless no_data,
];

fn settings_survive_a_reboot() {
    let device = Device::up();
    let machine = &device.machine;
    assert_eq!(data_state(machine), "formatted-new");
    run(machine, "echo renamed >/etc/hostname");
    run(machine, "echo kept >/data/kept");
    run(
        machine,
        "rm /etc/issue 2>/dev/null; mkdir /etc/kept.d; echo x >/etc/kept.d/x",
    );
    machine.reboot().unwrap_or_else(|error| panic!("{error}"));

    assert_eq!(data_state(machine), "ok");
    assert_eq!(run(machine, "cat /etc/hostname"), "renamed\n");
    assert_eq!(run(machine, "cat /data/kept"), "kept\n");
    assert_eq!(run(machine, "cat /etc/kept.d/x"), "x\n");
    let system = machine.system().expect("document");
    assert_eq!(system.hostname.as_deref(), Some("renamed"));
}

fn settings_survive_being_switched_off() {
    let mut device = Device::up();
    run(
        &device.machine,
        "echo kept >/data/kept; echo kept >/etc/kept",
    );
    device
        .machine
        .shutdown()
        .unwrap_or_else(|error| panic!("{error}"));
    device.boot();
    assert_eq!(data_state(&device.machine), "ok");
    assert_eq!(
        run(&device.machine, "cat /data/kept /etc/kept"),
        "kept\nkept\n"
    );
}

fn what_is_not_settings_is_gone_after_a_reboot() {
    let device = Device::up();
    let machine = &device.machine;
    run(machine, "touch /tmp/gone /run/gone /var/gone");
    machine.reboot().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(machine, "ls /tmp /run /var | grep gone || true"), "");
}

fn broken_settings_do_not_keep_the_device_from_coming_up() {
    let device = Device::up();
    let machine = &device.machine;
    // What a half-written or wrongly edited /etc looks like, at its worst.
    run(
        machine,
        "for file in $(find /etc -type f); do head -c 512 /usr/bin/tinyrust >$file; done; \
         rm -f /etc/passwd /etc/hostname",
    );
    machine.reboot().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(data_state(machine), "ok");
    assert!(!run(machine, "pidof tinyrust").trim().is_empty());
}
