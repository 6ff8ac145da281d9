//! A device: a flash chip and, while the power is on, the QEMU that runs it.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::json;
use tempfile::TempDir;

use crate::console::{Console, Mark};
use crate::emulator::Emulator;
use crate::error::Error;
use crate::flash::Flash;
use crate::http::{Client, Response};
use crate::images::ImageFolder;
use crate::lock::lock;
use crate::session::Session;
use crate::timeouts::Timeouts;

/// A device. Dropping it cuts its power and removes its files.
#[derive(Debug)]
pub struct Machine {
    // Dropped first: QEMU ends before its files go.
    pub(crate) emulator: Option<Emulator>,
    pub(crate) flash: Flash,
    pub(crate) images: ImageFolder,
    pub(crate) log: PathBuf,
    pub(crate) kept_log: OnceLock<PathBuf>,
    pub(crate) timeouts: Timeouts,
    pub(crate) expected_resets: AtomicUsize,
    pub(crate) in_boot_loader: AtomicBool,
    pub(crate) interrupt: Arc<AtomicBool>,
    pub(crate) session: Mutex<Session>,
    // Where the console's output of this boot begins.
    pub(crate) boot: Mutex<Mark>,
    pub(crate) work: TempDir,
}

impl Machine {
    /// The image folder it was made from.
    #[must_use]
    pub fn images(&self) -> &ImageFolder {
        &self.images
    }

    /// The file with everything the console said, which from now on stays when the
    /// device is gone.
    pub fn keep_log(&self) -> &Path {
        self.kept_log.get_or_init(|| {
            let Ok(name) = self.log.strip_prefix(self.work.path()) else {
                // The caller's own file.
                return self.log.clone();
            };
            let mut kept = self.work.path().as_os_str().to_owned();
            kept.push(format!("-{}", name.display()));
            let kept = PathBuf::from(kept);
            // A second name, so that it also has what the console still says.
            match std::fs::hard_link(&self.log, &kept) {
                Ok(()) => kept,
                Err(_) => self.log.clone(),
            }
        })
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

    /// Cuts the power between two instructions: what the device has not written to its
    /// flash by now is lost. Nothing happens where it is off.
    pub fn power_cut(&mut self) {
        if let Some(emulator) = self.emulator.take() {
            emulator.freeze();
        }
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

    /// The devices of the emulated machine, with the names of their models.
    ///
    /// # Errors
    /// When the power is off, or QEMU does not say.
    pub fn models(&self) -> Result<String, Error> {
        let tree = self
            .on("asking for its devices")?
            .qmp
            .execute(
                "human-monitor-command",
                json!({ "command-line": "info qom-tree" }),
            )
            .map_err(Error::io("asking QEMU for its devices"))?;
        Ok(tree.as_str().unwrap_or_default().to_owned())
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

    pub(crate) fn boot_text(&self, emulator: &Emulator) -> String {
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
