//! One run of QEMU, from power-on to power-off.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use board::emulator::option_value;
use serde_json::json;

use crate::console::Console;
use crate::error::Error;
use crate::guard::Guard;
use crate::images::ImageFolder;
use crate::lock::lock;
use crate::qmp::Qmp;

/// QEMU opens its sockets before anything else; a host that needs longer is broken.
const CONNECT: Duration = Duration::from_secs(60);

/// A running QEMU with its console, its monitor and the guard that outlives us.
#[derive(Debug)]
pub(crate) struct Emulator {
    process: Mutex<Child>,
    guard: Guard,
    stderr: std::path::PathBuf,
    pub(crate) console: Console,
    pub(crate) qmp: Qmp,
    pub(crate) server: SocketAddr,
    pub(crate) power_on: Instant,
}

impl Emulator {
    /// Switches the power on. `work` takes the sockets and is removed if we die;
    /// `flash` is the chip's content.
    pub(crate) fn start(
        images: &ImageFolder,
        flash: &Path,
        work: &Path,
        log: File,
    ) -> Result<Self, Error> {
        let mut guard = Guard::new(work).map_err(Error::io("starting /bin/sh as QEMU's guard"))?;
        // We listen and QEMU connects: not a byte of the console is lost, and once we
        // are gone a QEMU that has not connected yet finds nobody and ends.
        let listen = |name: &str| {
            let path = work.join(name);
            // Left over where the power was on before.
            let _ = std::fs::remove_file(&path);
            UnixListener::bind(&path)
                .map(|listener| (listener, path.clone()))
                .map_err(Error::io(path.display()))
        };
        let (console, console_path) = listen("console")?;
        let (monitor, monitor_path) = listen("monitor")?;
        let stderr = work.join("stderr");
        let stderr_file = File::create(&stderr).map_err(Error::io(stderr.display()))?;

        let arguments = images.emulator().command(flash, 0);
        let (binary, arguments) = arguments.split_first().expect("a command has a program");
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .arg("-chardev")
            .arg(format!(
                "socket,id=console,path={}",
                option_value(&console_path)
            ))
            .args(["-serial", "chardev:console", "-chardev"])
            .arg(format!(
                "socket,id=monitor,path={}",
                option_value(&monitor_path)
            ))
            .args(["-mon", "chardev=monitor,mode=control"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr_file)
            // Ctrl-C is for us: we decide what becomes of the device.
            .process_group(0);
        let power_on = Instant::now();
        let child = command.spawn().map_err(|source| Error::Spawn {
            binary: binary.clone(),
            package: images.emulator().facts.package.clone(),
            source,
        })?;
        let mut process = Reaped(Some(child));
        let child = process.0.as_mut().expect("not taken yet");
        guard.watch(child.id()).map_err(Error::io("QEMU's guard"))?;

        let started = (|| {
            let console = accept(&console, child)?;
            let monitor = accept(&monitor, child)?;
            let console = Console::attach(console, log)?;
            let qmp = Qmp::attach(monitor)?;
            let port = qmp.forwarded_port(images.board().port())?;
            Ok((console, qmp, port))
        })();
        let (console, qmp, port) = started.map_err(|source: io::Error| {
            let said = std::fs::read_to_string(&stderr).unwrap_or_default();
            Error::io(format_args!("starting {binary}"))(io::Error::other(format!(
                "{source} {}",
                said.trim()
            )))
        })?;
        Ok(Self {
            process: Mutex::new(process.0.take().expect("not taken yet")),
            guard,
            stderr,
            console,
            qmp,
            server: (Ipv4Addr::LOCALHOST, port).into(),
            power_on,
        })
    }

    /// QEMU's process id.
    pub(crate) fn pid(&self) -> u32 {
        lock(&self.process).id()
    }

    /// How QEMU ended, should it have, and what it said.
    pub(crate) fn ended(&self) -> Option<(String, String)> {
        let status = lock(&self.process).try_wait().ok()??;
        let stderr = std::fs::read_to_string(&self.stderr).unwrap_or_default();
        Some((status.to_string(), stderr.trim().to_owned()))
    }

    /// Stops the CPU and lets what it has handed to the flash chip reach the file.
    ///
    /// QEMU's chip calls a page programmed as soon as its write is queued
    /// (`flash_sync_page` in hw/block/m25p80.c), and nothing keeps the queue in order. A
    /// QEMU killed meanwhile could leave a chip that no power cut leaves: a later page
    /// there and an earlier one not. That has not been seen; this rules it out.
    pub(crate) fn freeze(&self) {
        // A QEMU that does not listen any more is killed all the same.
        let _ = self.qmp.execute("stop", json!({}));
    }

    /// How often the device started again without the power having been cut.
    pub(crate) fn resets(&self) -> usize {
        self.qmp.count("RESET")
    }

    /// How often the hardware watchdog bit.
    pub(crate) fn watchdog_bites(&self) -> usize {
        self.qmp.count("WATCHDOG")
    }
}

impl Drop for Emulator {
    /// SIGKILL leaves the device no time for a last write.
    fn drop(&mut self) {
        let mut process = lock(&self.process);
        // It may have ended by itself.
        let _ = process.kill();
        let _ = process.wait();
        drop(process);
        self.guard.release();
    }
}

/// Kills a child that nobody took over, whatever way the starting ended.
struct Reaped(Option<Child>);

impl Drop for Reaped {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits for QEMU to connect, as long as it lives.
fn accept(listener: &UnixListener, qemu: &mut Child) -> io::Result<UnixStream> {
    listener.set_nonblocking(true)?;
    let deadline = Instant::now() + CONNECT;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if let Some(status) = qemu.try_wait()? {
            return Err(io::Error::other(format!("QEMU ended ({status})")));
        }
        if Instant::now() > deadline {
            return Err(io::Error::other("QEMU did not open its console"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
