//! Waiting for a device, as long as there is hope.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::diagnosis::{self, Diagnosis};
use crate::emulator::Emulator;
use crate::error::{Error, Failure};
use crate::http::Client;
use crate::machine::Machine;
use crate::timeouts;

/// How many of the console's lines an error carries.
const LAST_LINES: usize = 30;

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
            let answer = Client::with_timeout(emulator.server, attempt).get(path);
            attempt = (attempt + attempt / 20).min(Duration::from_secs(5));
            match answer {
                Ok(answer) if answer.status == 200 => Some(emulator.power_on.elapsed()),
                _ => None,
            }
        })?;
        timeouts::note_boot(start.elapsed());
        Ok(up)
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
            if let Some(diagnosis) = self.diagnosis(emulator, start) {
                // The last words of a QEMU that ended may still be under way.
                if matches!(diagnosis, Diagnosis::QemuEnded { .. }) {
                    emulator.console.wait_until_closed();
                    if let Some(value) = probe() {
                        return Ok(value);
                    }
                }
                // Whoever interrupts does not look for a reason.
                let log = if diagnosis == Diagnosis::Interrupted {
                    &self.log
                } else {
                    self.keep_log()
                };
                return Err(Error::Failed(Box::new(Failure {
                    waited_for: what.to_owned(),
                    waited: start.elapsed(),
                    diagnosis,
                    last_lines: emulator.console.last_lines(LAST_LINES),
                    log: log.to_owned(),
                })));
            }
            emulator
                .console
                .wait_beyond(seen, Duration::from_millis(20));
        }
    }

    fn diagnosis(&self, emulator: &Emulator, start: Instant) -> Option<Diagnosis> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Some(Diagnosis::Interrupted);
        }
        if let Some((status, stderr)) = emulator.ended() {
            return Some(Diagnosis::QemuEnded { status, stderr });
        }
        let text = self.boot_text(emulator);
        if let Some(diagnosis) = diagnosis::find(&text) {
            return Some(diagnosis.named(self.images.path()));
        }
        if !self.in_boot_loader.load(Ordering::Relaxed) && diagnosis::at_boot_loader_prompt(&text) {
            return Some(Diagnosis::BootLoaderPrompt);
        }
        let resets = emulator.resets();
        if resets > self.expected_resets.load(Ordering::Relaxed) {
            return Some(Diagnosis::Reset(resets));
        }
        let timeouts = self.timeouts.scaled();
        let silence = emulator.console.silence().min(start.elapsed());
        if silence > timeouts.silence {
            return Some(Diagnosis::Silence(silence.as_secs()));
        }
        (start.elapsed() > timeouts.whole).then_some(Diagnosis::Deadline)
    }
}
