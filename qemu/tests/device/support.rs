//! What the tests share: images, machines and how many of them run at once.

use std::path::PathBuf;
use std::sync::OnceLock;

use board::Capability;
use tinyrust_qemu::prometheus::Exposition;
use tinyrust_qemu::{HostSlot, ImageFolder, Machine};

use crate::harness::Running;

/// The images under test. Without them nothing can be tested, which is a failure.
pub(crate) fn images() -> ImageFolder {
    ImageFolder::from_environment().unwrap_or_else(|error| panic!("{error}"))
}

/// A device of the test's own and the right to keep a core busy with it. The console's
/// log is named after the test and stays.
pub(crate) struct Device {
    pub(crate) machine: Machine,
    _slot: HostSlot,
}

impl Device {
    /// A device with its power off.
    pub(crate) fn off() -> Self {
        Self::named(Running::here().name())
    }

    /// A device that is up.
    pub(crate) fn up() -> Self {
        Self::named_up(Running::here().name())
    }

    /// A device that is up, with a log of that name.
    pub(crate) fn named_up(name: &str) -> Self {
        let mut device = Self::named(name);
        device.boot();
        device
    }

    fn named(name: &str) -> Self {
        let slot = HostSlot::acquire().expect("a host slot");
        Self {
            machine: machine(name),
            _slot: slot,
        }
    }

    /// Switches the device on and waits until it is up.
    pub(crate) fn boot(&mut self) {
        self.machine
            .power_on()
            .and_then(|()| self.machine.wait_until_up())
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The device for whoever only looks. It boots once; an idle machine costs the host
/// next to nothing, so it holds its host slot only while booting.
pub(crate) fn shared() -> &'static Machine {
    static SHARED: OnceLock<Machine> = OnceLock::new();
    SHARED.get_or_init(|| {
        let machine = Device::named_up("shared").machine;
        // The first answer looks through the whole chip, which takes the device a while.
        machine.system().unwrap_or_else(|error| panic!("{error}"));
        machine
    })
}

pub(crate) fn machine(name: &str) -> Machine {
    Machine::builder(&images())
        .log(log(name))
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn log(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"))
}

/// Why a test of the watchdog is not applicable, if so: board.toml's reason, with the line.
pub(crate) fn no_watchdog() -> Option<String> {
    let images = images();
    let board = &images.board().name;
    let facts = images.emulator().facts;
    let unsupported = facts.unsupported(Capability::Watchdog)?;
    Some(format!(
        "{} (boards/{board}/board.toml:{})",
        unsupported.reason, unsupported.line
    ))
}

/// Why a test of two slots is not applicable, if so.
pub(crate) fn no_slots() -> Option<String> {
    let slots = images().board().slots().len();
    (slots < 2).then(|| format!("board.toml has {slots} slot(s)"))
}

/// Why a test of the data partition is not applicable, if so.
pub(crate) fn no_data() -> Option<String> {
    let has = images().board().partition("data").is_some();
    (!has).then(|| "board.toml has no partition `data`".to_owned())
}

/// The name of the partition that has `role` in the slot that boots by default.
pub(crate) fn in_first_slot(role: &str) -> String {
    let images = images();
    let slots = images.board().slots();
    let slot = slots.first().expect("a slot");
    slot.role(role).expect("every slot has it").name.clone()
}

/// Runs a command that has to succeed and gives its output.
#[track_caller]
pub(crate) fn run(machine: &Machine, command: &str) -> String {
    let done = machine
        .run(command)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(
        done.success(),
        "`{command}` ended with {}:\n{}",
        done.status,
        done.output
    );
    done.output
}

/// The metrics, read strictly.
#[track_caller]
pub(crate) fn metrics(machine: &Machine) -> Exposition {
    let answer = machine
        .get("/metrics")
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer.status, 200);
    let text = answer.text();
    Exposition::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What the device says of its data partition, in each of the places where it says it:
/// all of them have to agree.
#[track_caller]
pub(crate) fn data_state(machine: &Machine) -> String {
    let system = machine.system().unwrap_or_else(|error| panic!("{error}"));
    let state = system
        .data
        .state
        .expect("the state of the data partition is known");
    assert_eq!(run(machine, "cat /run/tinyrust/data").trim(), state);
    let metrics = metrics(machine);
    let family = metrics
        .metric("tinyrust_data_state")
        .expect("tinyrust_data_state");
    for sample in &family.samples {
        let expected = f64::from(u8::from(sample.labels["state"] == state));
        assert_eq!(sample.value, expected, "{sample:?} in state {state}");
    }
    assert_eq!(
        metrics.value("tinyrust_data_state", &[("state", &state)]),
        Some(1.0)
    );
    state
}
