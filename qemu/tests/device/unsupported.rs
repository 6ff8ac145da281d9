//! What board.toml calls unsupported is really not there.

use crate::support::{no_watchdog, shared};

crate::tests![
    an_unsupported_watchdog_is_not_there unless has_watchdog,
];

/// Why there is nothing to look for, if so.
fn has_watchdog() -> Option<String> {
    no_watchdog()
        .is_none()
        .then(|| "the board has a watchdog".to_owned())
}

/// In the names of QEMU's models of watchdogs, whatever board they are of: `aspeed.wdt-ast2600`,
/// `imx2.wdt`, `i6300esb`, `cmsdk-apb-watchdog`.
const WATCHDOGS: [&str; 4] = ["wdt", "watchdog", "i6300esb", "ib700"];

fn an_unsupported_watchdog_is_not_there() {
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
