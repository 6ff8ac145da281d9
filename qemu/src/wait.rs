//! Waiting for a device, as long as there is hope.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::console::Mark;
use crate::emulator::Emulator;
use crate::error::{Error, Failure};
use crate::http::Client;
use crate::machine::Machine;
use crate::trouble::{self, Trouble};

/// How many of the console's lines an error carries.
const LAST_LINES: usize = 30;

/// How long to wait. Generous, since it only counts where a device neither comes up
/// nor says why.
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
        self.wait_for(&format!("HTTP 200 for {path}"), || {
            let answer = Client::with_patience(emulator.server, attempt).get(path);
            attempt = (attempt + attempt / 20).min(Duration::from_secs(5));
            match answer {
                Ok(answer) if answer.status == 200 => Some(emulator.power_on.elapsed()),
                _ => None,
            }
        })
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
            return Some(trouble);
        }
        if !self.in_boot_loader.load(Ordering::Relaxed) && trouble::at_boot_loader_prompt(&text) {
            return Some(Trouble::BootLoaderPrompt);
        }
        let resets = emulator.resets();
        if resets > self.expected_resets.load(Ordering::Relaxed) {
            return Some(Trouble::Reset(resets));
        }
        let silence = emulator.console.silence().min(start.elapsed());
        if silence > self.patience.silence {
            return Some(Trouble::Silence(silence.as_secs()));
        }
        (start.elapsed() > self.patience.whole).then_some(Trouble::Deadline)
    }
}
