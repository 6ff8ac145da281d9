//! The serial console: everything the device printed, and a way to type.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;

/// The device's serial console since the power went on.
///
/// A thread reads it all the time, so the device never waits for its reader.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
    line: UnixStream,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    last_output: Instant,
    closed: bool,
}

/// A place in the console's output, in bytes since power-on.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark(usize);

impl Console {
    /// Reads `line` to its end; each byte also goes to `log`.
    pub(crate) fn attach(line: UnixStream, mut log: File) -> io::Result<Self> {
        let mut reader = line.try_clone()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                bytes: Vec::new(),
                last_output: Instant::now(),
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let sink = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || {
                let mut chunk = [0; 4096];
                loop {
                    let count = reader.read(&mut chunk).unwrap_or(0);
                    let mut state = lock(&sink.state);
                    if count == 0 {
                        state.closed = true;
                        sink.changed.notify_all();
                        break;
                    }
                    // A full disk must not stop the device; the buffer has it all.
                    let _ = log.write_all(&chunk[..count]);
                    state.bytes.extend_from_slice(&chunk[..count]);
                    state.last_output = Instant::now();
                    sink.changed.notify_all();
                }
            })?;
        Ok(Self { shared, line })
    }

    /// Types `text`.
    ///
    /// # Errors
    /// When the device is off.
    pub fn send(&self, text: impl AsRef<[u8]>) -> io::Result<()> {
        (&self.line).write_all(text.as_ref())
    }

    /// The end of what has been printed so far.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(lock(&self.shared.state).bytes.len())
    }

    /// What was printed after `mark`, and where that ends.
    #[must_use]
    pub fn bytes_since(&self, mark: Mark) -> (Vec<u8>, Mark) {
        let state = lock(&self.shared.state);
        let start = mark.0.min(state.bytes.len());
        (state.bytes[start..].to_vec(), Mark(state.bytes.len()))
    }

    /// What was printed after `mark`, as text without escape sequences and carriage
    /// returns.
    #[must_use]
    pub fn text_since(&self, mark: Mark) -> String {
        plain_text(&self.bytes_since(mark).0)
    }

    /// Everything since power-on, as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_since(Mark::default())
    }

    /// The last lines that are not empty, oldest first.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let text = self.text();
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        lines[lines.len().saturating_sub(count)..]
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// How long the device has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        lock(&self.shared.state).last_output.elapsed()
    }

    /// Whether the device's end is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).closed
    }

    /// Returns when the device's end is gone and everything it said has been read.
    pub(crate) fn wait_until_closed(&self) {
        let state = lock(&self.shared.state);
        drop(self.shared.changed.wait_while(state, |state| !state.closed));
    }

    /// Returns when there is more than `mark`, when the device's end is gone, or after
    /// `timeout`.
    pub fn wait_beyond(&self, mark: Mark, timeout: Duration) {
        let state = lock(&self.shared.state);
        // The guard is only needed for the waiting itself.
        drop(
            self.shared
                .changed
                .wait_timeout_while(state, timeout, |state| {
                    state.bytes.len() <= mark.0 && !state.closed
                }),
        );
    }
}

/// Drops what a terminal would not show: carriage returns, NUL bytes and the escape
/// sequences that a shell's line editor sends (ECMA-48: `ESC [`, parameters, a final
/// byte of 0x40 to 0x7e).
fn plain_text(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' | 0 => {}
            0x1b => {
                if rest.next() == Some(b'[') {
                    rest.find(|byte| (0x40..=0x7e).contains(byte));
                }
            }
            _ => plain.push(byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_a_person_would_see() {
        assert_eq!(plain_text(b"\x1b[6n/ # \x1b[Jls\r\nbin\0"), "/ # ls\nbin");
    }

    #[test]
    fn keeps_all_output_and_says_when_the_device_is_gone() {
        let (ours, mut theirs) = UnixStream::pair().expect("pair");
        let console = Console::attach(ours, tempfile::tempfile().expect("log")).expect("attach");
        for number in 0..40 {
            write!(theirs, "line {number}\r\n\r\n").expect("write");
        }
        drop(theirs);
        while !console.is_closed() {
            console.wait_beyond(console.mark(), Duration::from_secs(10));
        }
        let lines = console.last_lines(30);
        assert_eq!(lines.len(), 30);
        assert_eq!(lines[0], "line 10");
        assert_eq!(lines[29], "line 39");
    }
}
