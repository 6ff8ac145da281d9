//! How many machines may be busy at once on this host.
//!
//! A booting machine keeps a core busy. Tests run as threads of one process
//! (`cargo test`) or as processes (`cargo nextest`), and two checkouts may be tested
//! side by side: locks on files count them all, and the kernel drops them with their
//! holder, whatever happens to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// The right to keep one machine busy, given back on drop.
#[derive(Debug)]
pub struct HostSlot(#[expect(dead_code, reason = "held for its lock")] File);

impl HostSlot {
    /// Waits until fewer machines are busy than the host has cores.
    ///
    /// A thread that holds a slot must not ask for a second one: with a single core
    /// there is only one.
    ///
    /// # Errors
    /// When no lock file can be made in the directory for temporary files.
    pub fn acquire() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let directory = std::env::temp_dir().join(format!(
            "tinyrust-qemu-slots-{}",
            rustix::process::getuid().as_raw()
        ));
        std::fs::create_dir_all(&directory)?;
        let mut told = false;
        loop {
            for index in 0..cores {
                let file = OpenOptions::new()
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .open(directory.join(index.to_string()))?;
                match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                    Ok(()) => return Ok(Self(file)),
                    Err(Errno::WOULDBLOCK) => {}
                    Err(errno) => return Err(errno.into()),
                }
            }
            if !told {
                told = true;
                let directory = directory.display();
                eprintln!(
                    "waiting: {cores} emulators are already running on this machine \
                     ({directory})"
                );
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}
