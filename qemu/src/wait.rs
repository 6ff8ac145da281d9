//! Waiting for a device, as long as there is hope.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::console::Mark;
use crate::emulator::Emulator;
use crate::error::{Error, Failure};
use crate::http::Client;
use crate::machine::Machine;
use crate::trouble::{self, Trouble};

/// How many of the console's lines an error carries.
const LAST_LINES: usize = 30;

/// The longest that a device of this program took from the start of a wait to its first
/// answer, in milliseconds: what the emulator makes of the board's processor, and what else the
/// host has to do.
static SLOWEST_BOOT: AtomicU64 = AtomicU64::new(0);

/// How many boots' time an event may take before it counts as one that never comes.
const BOOTS: u32 = 20;

/// How long to wait, at the least: a host or an emulator on which booting takes long is given
/// more. Generous, since it only counts where a device neither comes up nor says why.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the whole wait.
    pub whole: Duration,
    /// For the console's next sign of life, while booting.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(300),
            silence: Duration::from_secs(90),
        }
    }
}

impl Patience {
    /// More of it where booting was seen to take long.
    fn scaled(self) -> Self {
        let boot = Duration::from_millis(SLOWEST_BOOT.load(Ordering::Relaxed));
        Self {
            whole: self.whole.max(boot * BOOTS),
            silence: self.silence.max(boot * BOOTS / 2),
        }
    }
}

impl Machine {
    /// Waits until the server says that it is well, and gives the time since the power
    /// went on.
    ///
    /// # Errors
    /// When the device does not come up, as soon as that is clear.
    pub fn wait_until_up(&self) -> Result<Duration, Error> {
        self.wait_until_answering("/healthz")
    }

    /// Waits until `path` is answered with status 200, and gives the time since the
    /// power went on.
    ///
    /// # Errors
    /// When the device does not come up, as soon as that is clear.
    pub fn wait_until_answering(&self, path: &str) -> Result<Duration, Error> {
        let emulator = self.on("waiting for its server")?;
        // A connection made before the device has an address is not answered for
        // seconds: QEMU's network repeats itself rarely. So the first attempts are
        // short, for the time to be exact, and the later ones long, in case the host
        // is too busy for short ones.
        let mut attempt = Duration::from_millis(200);
        let start = Instant::now();
        let up = self.wait_for(&format!("HTTP 200 for {path}"), || {
            let answer = Client::with_patience(emulator.server, attempt).get(path);
            attempt = (attempt + attempt / 20).min(Duration::from_secs(5));
            match answer {
                Ok(answer) if answer.status == 200 => Some(emulator.power_on.elapsed()),
                _ => None,
            }
        })?;
        let waited = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        SLOWEST_BOOT.fetch_max(waited, Ordering::Relaxed);
        Ok(up)
    }

    /// Waits until the console says `phrase` after `mark`, and gives the place after it.
    ///
    /// # Errors
    /// When it does not come, as soon as that is clear.
    pub fn wait_for_console(&self, mark: Mark, phrase: &str) -> Result<(), Error> {
        let console = self.console()?;
        self.wait_for(&format!("`{phrase}` on the console"), || {
            console.text_since(mark).contains(phrase).then_some(())
        })
    }

    /// Waits until `probe` gives something, as long as there is hope.
    ///
    /// # Errors
    /// [`Error::Failed`] with what was seen instead.
    pub fn wait_for<T>(
        &self,
        what: &str,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, Error> {
        let emulator = self.on("waiting for something")?;
        let start = Instant::now();
        loop {
            // Whatever happens while the probe runs is looked at afterwards.
            let seen = emulator.console.mark();
            if let Some(value) = probe() {
                return Ok(value);
            }
            if let Some(trouble) = self.trouble(emulator, start) {
                // The last words of a QEMU that ended may still be under way.
                if matches!(trouble, Trouble::QemuEnded { .. }) {
                    emulator.console.wait_until_closed();
                    if let Some(value) = probe() {
                        return Ok(value);
                    }
                }
                // Whoever interrupts does not look for a reason.
                let log = if trouble == Trouble::Interrupted {
                    &self.log
                } else {
                    self.keep_log()
                };
                return Err(Error::Failed(Box::new(Failure {
                    waited_for: what.to_owned(),
                    waited: start.elapsed(),
                    trouble,
                    last_lines: emulator.console.last_lines(LAST_LINES),
                    log: log.to_owned(),
                })));
            }
            emulator
                .console
                .wait_beyond(seen, Duration::from_millis(20));
        }
    }

    fn trouble(&self, emulator: &Emulator, start: Instant) -> Option<Trouble> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Some(Trouble::Interrupted);
        }
        if let Some((status, stderr)) = emulator.ended() {
            return Some(Trouble::QemuEnded { status, stderr });
        }
        let text = self.boot_text(emulator);
        if let Some(trouble) = trouble::find(&text) {
            return Some(trouble.named(&self.images));
        }
        if !self.in_boot_loader.load(Ordering::Relaxed) && trouble::at_boot_loader_prompt(&text) {
            return Some(Trouble::BootLoaderPrompt);
        }
        let resets = emulator.resets();
        if resets > self.expected_resets.load(Ordering::Relaxed) {
            return Some(Trouble::Reset(resets));
        }
        let patience = self.patience.scaled();
        let silence = emulator.console.silence().min(start.elapsed());
        if silence > patience.silence {
            return Some(Trouble::Silence(silence.as_secs()));
        }
        (start.elapsed() > patience.whole).then_some(Trouble::Deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_the_slowest_boot_and_never_shrinks() {
        let least = Patience::default();
        SLOWEST_BOOT.store(1_000, Ordering::Relaxed);
        assert_eq!(least.scaled().whole, least.whole);
        SLOWEST_BOOT.store(60_000, Ordering::Relaxed);
        let grown = least.scaled();
        assert_eq!(grown.whole, Duration::from_secs(1_200));
        assert_eq!(grown.silence, Duration::from_secs(600));
    }
}
