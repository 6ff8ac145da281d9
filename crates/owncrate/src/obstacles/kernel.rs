//! What a crate asks the kernel for, and the kernel was configured without.

use super::{Obstacle, Target};
use crate::graph::{Graph, Member};

/// Crates that do nothing without an option of Kconfig, and what it gives.
const NEED: &[(&str, &str, &str)] = &[
    ("evdev", "INPUT_EVDEV", "input devices"),
    ("fanotify-rs", "FANOTIFY", "fanotify"),
    ("gpio-cdev", "GPIO_CDEV", "GPIO device files"),
    ("gpiocdev", "GPIO_CDEV", "GPIO device files"),
    ("i2cdev", "I2C_CHARDEV", "I²C device files"),
    ("inotify", "INOTIFY_USER", "inotify"),
    ("io-uring", "IO_URING", "io_uring"),
    ("landlock", "SECURITY_LANDLOCK", "Landlock"),
    ("socketcan", "CAN_RAW", "CAN sockets"),
    ("spidev", "SPI_SPIDEV", "SPI device files"),
    ("tun-tap", "TUN", "TUN devices"),
    ("userfaultfd", "USERFAULTFD", "userfaultfd"),
    ("v4l", "VIDEO_DEV", "video devices"),
];

pub(super) fn of(graph: &Graph, member: &Member, target: &Target) -> Option<Obstacle> {
    let kernel = target.kernel.as_ref()?;
    let mut known = NEED.iter();
    let (_, option, gives) = known.find(|(name, ..)| *name == member.name())?;
    let line = format!("CONFIG_{option}=y");
    if kernel.text.lines().any(|found| found.trim() == line) {
        return None;
    }
    Some(Obstacle {
        what: format!(
            "{} ({}) uses {gives}, which the board's kernel lacks",
            member.title(),
            graph.way(member)
        ),
        remedy: format!("add {line} to {}", kernel.file),
    })
}
