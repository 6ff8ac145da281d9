//! How a [`Machine`] is made.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::Error;
use crate::flash::Flash;
use crate::images::ImageFolder;
use crate::machine::Machine;
use crate::timeouts::Timeouts;

/// How a [`Machine`] is made.
#[derive(Debug)]
pub struct Builder {
    images: ImageFolder,
    log: Option<PathBuf>,
    kept_flash: Option<PathBuf>,
    interrupt: Arc<AtomicBool>,
    timeouts: Timeouts,
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
            timeouts: Timeouts::default(),
        }
    }
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

    /// Every wait ends with [`Diagnosis::Interrupted`] once `flag` is set.
    #[must_use]
    pub fn interrupted_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = flag;
        self
    }

    /// Sets other timeouts than the default ones.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
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
            .map_err(Error::io("creating a temporary directory"))?;
        let flash = match self.kept_flash {
            Some(path) if path.exists() => Flash::kept(&self.images, path)?,
            Some(path) => Flash::programmed(&self.images, path)?,
            None => Flash::programmed(&self.images, work.path().join("flash.bin"))?,
        };
        let own_log = work.path().join("console.log");
        let log = self.log.unwrap_or(own_log);
        // The log is of this device, not of an earlier one.
        std::fs::File::create(&log).map_err(Error::io(log.display()))?;
        Ok(Machine {
            emulator: None,
            flash,
            images: self.images,
            log,
            kept_log: OnceLock::new(),
            timeouts: self.timeouts,
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
