//! What board.toml says that the emulated board has not, it has not.

use board::Facility;

use crate::support::{Device, applies, images, lacks, shared};

/// In the names of QEMU's models of watchdogs, whatever board they are of: `aspeed.wdt-ast2600`,
/// `imx2.wdt`, `i6300esb`, `cmsdk-apb-watchdog`.
const WATCHDOGS: [&str; 4] = ["wdt", "watchdog", "i6300esb", "ib700"];

#[test]
fn a_watchdog_that_is_said_to_be_lacking_is_not_there() {
    const NAME: &str = "a_watchdog_that_is_said_to_be_lacking_is_not_there";
    let has = lacks(Facility::Watchdog).is_none();
    if !applies(NAME, has.then(|| "the board has its watchdog".to_owned())) {
        return;
    }
    let machine = shared();
    let found = machine.run("ls /dev/watchdog").expect("a shell");
    assert!(!found.success(), "{}", found.output);
    let models = machine.models().unwrap_or_else(|error| panic!("{error}"));
    for name in WATCHDOGS {
        assert!(
            !models.contains(name),
            "a {name} among QEMU's devices:\n{models}"
        );
    }
}

#[test]
fn a_boot_loader_that_is_said_to_be_lacking_is_replaced_by_files_beside_the_flash() {
    const NAME: &str =
        "a_boot_loader_that_is_said_to_be_lacking_is_replaced_by_files_beside_the_flash";
    let has = lacks(Facility::BootLoader).is_none();
    if !applies(
        NAME,
        has.then(|| "the board has its boot loader".to_owned()),
    ) {
        return;
    }
    assert!(
        !images().qemu().beside_flash.is_empty(),
        "the kernel has to come from somewhere: a boot loader in the chip is not lacking"
    );
}

#[test]
fn settings_of_the_boot_loader_that_are_said_to_be_lacking_cannot_be_saved() {
    const NAME: &str = "settings_of_the_boot_loader_that_are_said_to_be_lacking_cannot_be_saved";
    let has = lacks(Facility::SavedEnvironment).is_none();
    let reason = lacks(Facility::BootLoader)
        .or_else(|| has.then(|| "the boot loader saves its settings".to_owned()));
    if !applies(NAME, reason) {
        return;
    }
    let mut device = Device::off(NAME);
    device
        .machine
        .power_on_to_boot_loader()
        .unwrap_or_else(|error| panic!("{error}"));
    let said = device
        .machine
        .boot_loader_command("saveenv")
        .expect("prompt");
    assert!(!said.contains("OK"), "{said}");
}
