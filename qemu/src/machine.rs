//! A device: a flash chip and, while the power is on, the QEMU that runs it.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::console::{Console, Mark};
use crate::emulator::Emulator;
use crate::error::{Error, Failure};
use crate::flash::Flash;
use crate::http::{Client, Response};
use crate::images::ImageFolder;
use crate::lock;
use crate::shell::Session;
use crate::trouble::{self, Trouble};

/// How many of the console's lines an error carries.
const LAST_LINES: usize = 30;

/// How a [`Machine`] is made.
#[derive(Debug)]
pub struct Builder {
    images: ImageFolder,
    log: Option<PathBuf>,
    kept_flash: Option<PathBuf>,
    interrupt: Arc<AtomicBool>,
    patience: Patience,
}

impl Builder {
    /// Writes everything the console says to `path`, also after success. Without it
    /// the log is a temporary file, kept only where something failed.
    #[must_use]
    pub fn log(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = Some(path.into());
        self
    }

    /// Keeps the chip's content in `path` and, where the file is there already, goes
    /// on with it instead of the folder's flash.bin.
    #[must_use]
    pub fn keep_flash(mut self, path: impl Into<PathBuf>) -> Self {
        self.kept_flash = Some(path.into());
        self
    }

    /// Every wait ends with [`Trouble::Interrupted`] once `flag` is set.
    #[must_use]
    pub fn interrupted_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = flag;
        self
    }

    /// Waits longer or shorter than by default.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Makes the device, with its power off.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn build(self) -> Result<Machine, Error> {
        let work = tempfile::Builder::new()
            .prefix("tinyrust-qemu-")
            .tempdir()
            .map_err(Error::io("making a temporary directory"))?;
        let flash = match self.kept_flash {
            Some(path) if path.exists() => Flash::kept(&self.images, path)?,
            Some(path) => Flash::programmed(&self.images, path)?,
            None => Flash::programmed(&self.images, work.path().join("flash.bin"))?,
        };
        let (log, log_is_temporary) = match self.log {
            Some(path) => (path, false),
            None => {
                let file = tempfile::Builder::new()
                    .prefix("tinyrust-console-")
                    .suffix(".log")
                    .tempfile()
                    .map_err(Error::io("making the console's log"))?;
                let (_, path) = file
                    .keep()
                    .map_err(|error| Error::io("making the console's log")(error.error))?;
                (path, true)
            }
        };
        // The log is of this device, not of an earlier one.
        std::fs::File::create(&log).map_err(Error::io(log.display()))?;
        Ok(Machine {
            emulator: None,
            flash,
            images: self.images,
            log,
            log_is_temporary,
            failed: AtomicBool::new(false),
            patience: self.patience,
            expected_resets: AtomicUsize::new(0),
            in_boot_loader: AtomicBool::new(false),
            interrupt: self.interrupt,
            session: Mutex::default(),
            boot: Mutex::default(),
            work,
        })
    }

    /// Makes the device and switches it on.
    ///
    /// # Errors
    /// When its files cannot be made or QEMU cannot be started.
    pub fn power_on(self) -> Result<Machine, Error> {
        let mut machine = self.build()?;
        machine.power_on()?;
        Ok(machine)
    }
}

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

/// A device. Dropping it cuts its power and removes its files.
#[derive(Debug)]
pub struct Machine {
    // Dropped first: QEMU ends before its files go.
    emulator: Option<Emulator>,
    flash: Flash,
    images: ImageFolder,
    log: PathBuf,
    log_is_temporary: bool,
    failed: AtomicBool,
    patience: Patience,
    expected_resets: AtomicUsize,
    in_boot_loader: AtomicBool,
    interrupt: Arc<AtomicBool>,
    session: Mutex<Session>,
    // Where the console's output of this boot begins.
    boot: Mutex<Mark>,
    work: TempDir,
}

impl Machine {
    /// Starts to describe a device with the flash content of `images`.
    #[must_use]
    pub fn builder(images: &ImageFolder) -> Builder {
        Builder {
            images: images.clone(),
            log: None,
            kept_flash: None,
            interrupt: Arc::default(),
            patience: Patience::default(),
        }
    }

    /// The image folder it was made from.
    #[must_use]
    pub fn images(&self) -> &ImageFolder {
        &self.images
    }

    /// The file with everything the console said.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Switches the power on.
    ///
    /// # Errors
    /// When it is on, or QEMU cannot be started.
    pub fn power_on(&mut self) -> Result<(), Error> {
        if self.emulator.is_some() {
            return Err(Error::PowerIsOn("switching it on"));
        }
        let log = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.log)
            .map_err(Error::io(self.log.display()))?;
        self.expected_resets.store(0, Ordering::Relaxed);
        self.in_boot_loader.store(false, Ordering::Relaxed);
        self.begin_boot(Mark::default());
        self.emulator = Some(Emulator::start(
            &self.images,
            self.flash.path(),
            self.work.path(),
            log,
        )?);
        Ok(())
    }

    /// Cuts the power: what the device has not written to its flash by now is lost.
    /// Nothing happens where it is off.
    pub fn power_cut(&mut self) {
        self.emulator = None;
    }

    /// Presses the reset button.
    ///
    /// # Errors
    /// When the power is off.
    pub fn reset(&self) -> Result<(), Error> {
        let emulator = self.on("resetting it")?;
        self.wait_for_reset("the reset", || {
            emulator
                .qmp
                .execute("system_reset", json!({}))
                .map_err(Error::io("resetting the device"))?;
            Ok(())
        })
    }

    /// Does something that makes the device start again, and waits for that. Resets
    /// that nobody waits for are failures.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn wait_for_reset(
        &self,
        what: &str,
        cause: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let emulator = self.on("waiting for a reset")?;
        let expected = self.expected_resets.fetch_add(1, Ordering::Relaxed) + 1;
        cause()?;
        self.wait_for(what, || (emulator.resets() >= expected).then_some(()))?;
        self.begin_boot(emulator.console.mark());
        Ok(())
    }

    /// How often the device started again since the power went on.
    ///
    /// # Errors
    /// When the power is off.
    pub fn resets(&self) -> Result<usize, Error> {
        Ok(self.on("counting resets")?.resets())
    }

    /// How often the hardware watchdog reset the device since the power went on.
    ///
    /// # Errors
    /// When the power is off.
    pub fn watchdog_bites(&self) -> Result<usize, Error> {
        Ok(self.on("watching its watchdog")?.watchdog_bites())
    }

    /// The chip, for reading and editing.
    ///
    /// # Errors
    /// While the power is on.
    pub fn flash(&self) -> Result<&Flash, Error> {
        match self.emulator {
            None => Ok(&self.flash),
            Some(_) => Err(Error::PowerIsOn("reading or editing its flash")),
        }
    }

    /// The serial console.
    ///
    /// # Errors
    /// When the power is off.
    pub fn console(&self) -> Result<&Console, Error> {
        Ok(&self.on("its console")?.console)
    }

    /// Where the device's server is reached from this host.
    ///
    /// # Errors
    /// When the power is off.
    pub fn server(&self) -> Result<SocketAddr, Error> {
        Ok(self.on("its server")?.server)
    }

    /// When the power went on.
    ///
    /// # Errors
    /// When the power is off.
    pub fn powered_on_at(&self) -> Result<Instant, Error> {
        Ok(self.on("asking since when")?.power_on)
    }

    /// The process id of QEMU.
    ///
    /// # Errors
    /// When the power is off.
    pub fn process_id(&self) -> Result<u32, Error> {
        Ok(self.on("asking for QEMU's process")?.pid())
    }

    /// `GET path` from the device's server.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Result<Response, Error> {
        Client::new(self.server()?).get(path)
    }

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
                self.failed.store(true, Ordering::Relaxed);
                return Err(Error::Failed(Box::new(Failure {
                    waited_for: what.to_owned(),
                    waited: start.elapsed(),
                    trouble,
                    last_lines: emulator.console.last_lines(LAST_LINES),
                    log: self.log.clone(),
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

    pub(crate) fn on(&self, what: &'static str) -> Result<&Emulator, Error> {
        self.emulator.as_ref().ok_or(Error::PowerIsOff(what))
    }

    /// What the console said since the power went on or the device was reset.
    ///
    /// # Errors
    /// When the power is off.
    pub fn console_of_this_boot(&self) -> Result<String, Error> {
        Ok(self.boot_text(self.on("its console")?))
    }

    fn boot_text(&self, emulator: &Emulator) -> String {
        emulator.console.text_since(*lock(&self.boot))
    }

    fn begin_boot(&self, mark: Mark) {
        *lock(&self.boot) = mark;
        *lock(&self.session) = Session::default();
    }

    pub(crate) fn session(&self) -> &Mutex<Session> {
        &self.session
    }

    pub(crate) fn set_in_boot_loader(&self, yes: bool) {
        self.in_boot_loader.store(yes, Ordering::Relaxed);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.log_is_temporary && !self.failed.load(Ordering::Relaxed) {
            // Nothing depends on its going.
            let _ = std::fs::remove_file(&self.log);
        }
    }
}
