//! What board.toml calls unsupported is really not there.

use board::Capability;

use crate::support::{applies, shared, unsupported};

/// In the names of QEMU's models of watchdogs, whatever board they are of: `aspeed.wdt-ast2600`,
/// `imx2.wdt`, `i6300esb`, `cmsdk-apb-watchdog`.
const WATCHDOGS: [&str; 4] = ["wdt", "watchdog", "i6300esb", "ib700"];

#[test]
fn an_unsupported_watchdog_is_not_there() {
    const NAME: &str = "an_unsupported_watchdog_is_not_there";
    let has = unsupported(Capability::Watchdog).is_none();
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
