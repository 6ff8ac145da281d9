//! The serial console in the user's terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tinyrust_qemu::Machine;
use tinyrust_qemu::console::Mark;

/// Ctrl-], as in telnet: what a person hardly ever types to a device.
const ESCAPE: u8 = 0x1d;

/// Connects the terminal to the console until the user leaves or the device is gone.
pub(crate) fn attach(machine: &Machine, stop: &Arc<AtomicBool>) -> Result<()> {
    let console = machine.console()?;
    eprintln!(
        "This is the console of {}; Ctrl-] leaves it and switches the device off.\nThe server \
         will be at http://{}",
        machine.images().board().name,
        machine.server()?
    );
    let _raw = RawTerminal::enter().context("switching the terminal to raw mode")?;
    let typed = keyboard()?;
    let mut seen = Mark::default();
    let mut out = io::stdout().lock();
    loop {
        let (bytes, now) = console.bytes_since(seen);
        seen = now;
        out.write_all(&bytes)?;
        out.flush()?;
        if stop.load(Ordering::Relaxed) || console.is_closed() {
            return Ok(());
        }
        match typed.try_recv() {
            Ok(keys) => {
                let mut keys = keys.splitn(2, |key| *key == ESCAPE);
                console.send(keys.next().unwrap_or_default())?;
                if keys.next().is_some() {
                    return Ok(());
                }
            }
            // End of file, of a script for example: what the device still says is wanted.
            Err(TryRecvError::Disconnected | TryRecvError::Empty) => {
                console.wait_beyond(seen, Duration::from_millis(20));
            }
        }
    }
}

/// Reads standard input in a thread that ends with the program: a blocked read cannot
/// be called off.
fn keyboard() -> Result<mpsc::Receiver<Vec<u8>>> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut keys = [0; 256];
        while let Ok(count @ 1..) = input.read(&mut keys) {
            if send.send(keys[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    Ok(receive)
}

/// The terminal hands on every key as it is pressed, Ctrl-C too: that is for the
/// device. Restored on drop.
struct RawTerminal(Option<Termios>);

impl RawTerminal {
    fn enter() -> io::Result<Self> {
        let input = io::stdin();
        if !input.is_terminal() {
            return Ok(Self(None));
        }
        let before = tcgetattr(&input)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&input, OptionalActions::Now, &raw)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // There is nobody left to tell.
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, before);
            eprintln!();
        }
    }
}
