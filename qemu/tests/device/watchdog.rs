//! The hardware watchdog.

use std::time::Duration;

use tinyrust_qemu::{HostSlot, Machine, Timeouts};

use crate::harness::Running;
use crate::support::{images, log, no_watchdog, run, shared};

crate::tests![
    the_watchdog_is_fed unless no_watchdog,
    a_device_whose_watchdog_is_not_fed_resets_and_comes_back unless no_watchdog,
];

fn the_watchdog_is_fed() {
    let machine = shared();
    let pid = run(machine, "pidof watchdog");
    let files = run(machine, &format!("ls -l /proc/{}/fd", pid.trim()));
    assert!(files.contains("/dev/watchdog"), "{files}");
    assert_eq!(machine.watchdog_bites().expect("power is on"), 0);
}

fn a_device_whose_watchdog_is_not_fed_resets_and_comes_back() {
    let slot = HostSlot::acquire().expect("a host slot");
    let machine = Machine::builder(&images())
        .log(log(Running::here().name()))
        // It is silent until the watchdog bites.
        .timeouts(Timeouts {
            silence: Duration::from_secs(300),
            ..Timeouts::default()
        })
        .power_on()
        .and_then(|machine| machine.wait_until_up().map(|_| machine))
        .unwrap_or_else(|error| panic!("{error}"));
    run(&machine, "kill -STOP $(pidof watchdog)");
    // It only waits now.
    drop(slot);
    machine
        .wait_for_reset("the watchdog to bite", || Ok(()))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(machine.watchdog_bites().expect("power is on"), 1);
    let _slot = HostSlot::acquire().expect("a host slot");
    machine
        .wait_until_up()
        .unwrap_or_else(|error| panic!("{error}"));
}
