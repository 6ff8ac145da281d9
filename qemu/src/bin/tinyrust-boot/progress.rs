//! One line that says what the device is doing, while it takes its time.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tinyrust_qemu::Machine;

/// The line is cut here: a terminal that wraps it cannot rewrite it.
const WIDTH: usize = 78;

/// Runs `work` and shows the console's last line meanwhile: rewritten in place on a
/// terminal, a line every ten seconds elsewhere.
pub(crate) fn show<T>(machine: &Machine, title: &str, work: impl FnOnce() -> T) -> T {
    let terminal = io::stderr().is_terminal();
    let interval = Duration::from_millis(if terminal { 250 } else { 10_000 });
    let start = Instant::now();
    let (done, finished) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if !terminal {
                eprintln!("{title} ...");
            }
            while finished.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                let last = machine
                    .console()
                    .ok()
                    .and_then(|console| console.last_lines(1).pop())
                    .unwrap_or_default();
                let seconds = start.elapsed().as_secs();
                let line: String = format!("{title}, {seconds} s: {last}")
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(WIDTH)
                    .collect();
                // A closed standard error is no reason to stop.
                let _ = if terminal {
                    write!(io::stderr(), "\r\x1b[K{line}")
                } else {
                    writeln!(io::stderr(), "{line}")
                };
            }
            if terminal {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}
