//! How long to wait for a device.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The slowest boot of this program so far, in milliseconds from the start of the wait to the
/// first answer. It shows how fast the emulator is on this host, and how busy the host is.
static SLOWEST_BOOT: AtomicU64 = AtomicU64::new(0);

/// An event that takes longer than this many boots never comes.
const BOOTS: u32 = 20;

/// How long to wait at least. Timeouts scale with the slowest boot of the run. They are generous:
/// they only matter where a device neither comes up nor says why.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the whole wait.
    pub whole: Duration,
    /// For the console's next sign of life, while booting.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(300),
            silence: Duration::from_secs(90),
        }
    }
}

impl Timeouts {
    /// The same timeouts, extended where booting was seen to take long.
    pub(crate) fn scaled(self) -> Self {
        let boot = Duration::from_millis(SLOWEST_BOOT.load(Ordering::Relaxed));
        Self {
            whole: self.whole.max(boot * BOOTS),
            silence: self.silence.max(boot * BOOTS / 2),
        }
    }
}

/// Takes note of how long a boot took.
pub(crate) fn note_boot(took: Duration) {
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    SLOWEST_BOOT.fetch_max(took, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_grow_with_the_slowest_boot_and_never_shrink() {
        let default = Timeouts::default();
        SLOWEST_BOOT.store(1_000, Ordering::Relaxed);
        assert_eq!(default.scaled().whole, default.whole);
        SLOWEST_BOOT.store(60_000, Ordering::Relaxed);
        let grown = default.scaled();
        assert_eq!(grown.whole, Duration::from_secs(1_200));
        assert_eq!(grown.silence, Duration::from_secs(600));
    }
}
