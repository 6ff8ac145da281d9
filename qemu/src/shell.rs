//! The root shell on the serial console, driven like a person would.
//!
//! The console is shared: the kernel and init print whenever they like, in the middle
//! of a command's output too. So a command writes to a file on the device, its length
//! is told first, and the file is printed again until what arrived has that length.

use std::time::{Duration, Instant};

use crate::console::Console;
use crate::console::Mark;
use crate::error::Error;
use crate::lock::lock;
use crate::machine::Machine;

/// What init says where it waits for Enter before it starts the shell
/// (`askfirst` in inittab, busybox `init/init.c`).
const ASK: &str = "Please press Enter to activate this console";

/// After that long without the awaited mark, it is asked for again: something was
/// printed right through it.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What a command on the device did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finished {
    /// Its exit status.
    pub status: u8,
    /// What it wrote to standard output and standard error.
    pub output: String,
}

impl Finished {
    /// Whether the exit status is 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == 0
    }
}

impl Machine {
    /// Whether init has come to the point where it offers a shell: everything is started.
    #[must_use]
    pub fn offers_a_shell(&self) -> bool {
        self.console_of_this_boot()
            .is_ok_and(|text| text.contains(ASK))
    }

    /// Runs `command` as root in the device's shell and waits for its end. Several
    /// lines are one script.
    ///
    /// # Errors
    /// When the device is off, or its console gives no shell.
    pub fn run(&self, command: &str) -> Result<Finished, Error> {
        let console = self.console()?;
        let mut session = lock(self.session());
        if !session.open {
            self.open_shell(console)?;
            session.open = true;
        }
        session.commands += 1;
        let mark = format!("{}x{}", std::process::id(), session.commands);
        type_line(
            console,
            &format!("{{ {command}\n}} </dev/null >/run/console.out 2>&1; status=$?"),
        )?;
        let (status, length) = self.status(console, &mark, command)?;
        // Printed again as long as there is hope: how often something is printed into it is up
        // to the host's scheduler as well.
        self.wait_for(&format!("the whole output of `{command}`"), || {
            let whole = |output: &String| output.len() == length;
            let printed = self.output(console, &mark, command);
            printed.map(|output| Some(output).filter(whole)).transpose()
        })?
        .map(|output| Finished { status, output })
    }

    /// Runs `command` and does not wait for it: the way to a command that ends the
    /// shell, such as `reboot`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn start(&self, command: &str) -> Result<(), Error> {
        let console = self.console()?;
        let mut session = lock(self.session());
        if !session.open {
            self.open_shell(console)?;
            session.open = true;
        }
        type_line(console, command)
    }

    /// Reboots the device the way a person would, and waits until it is up again.
    ///
    /// # Errors
    /// When it does not go down or does not come up.
    pub fn reboot(&self) -> Result<(), Error> {
        self.wait_for_reset("the reset after `reboot`", || self.start("reboot"))?;
        self.wait_until_up()?;
        Ok(())
    }

    /// Shuts the device down, as `poweroff` does, and then cuts the power.
    ///
    /// # Errors
    /// When it does not go down.
    pub fn shutdown(&mut self) -> Result<(), Error> {
        let mark = self.console()?.mark();
        self.start("poweroff")?;
        // Boards that cannot switch themselves off halt; linux/kernel/reboot.c.
        let console = self.console()?;
        self.wait_for("the kernel's last message", || {
            let text = console.text_since(mark);
            (text.contains("reboot: Power") || text.contains("System halted")).then_some(())
        })?;
        self.power_cut();
        Ok(())
    }

    /// Gets from whatever the console shows to a shell that neither prompts nor edits.
    fn open_shell(&self, console: &Console) -> Result<(), Error> {
        self.wait_for("the console's prompt for a shell", || {
            self.offers_a_shell().then_some(())
        })?;
        let start = console.mark();
        // A shell whose standard error is no terminal is not interactive: no prompt,
        // no escape sequences, no history. The kernel's messages are in dmesg; here
        // they would only be in the way, except for a panic.
        let mut asked: Option<Instant> = None;
        self.wait_for("a shell on the console", || {
            if asked.is_none_or(|asked| asked.elapsed() > ASK_AGAIN) {
                asked = Some(Instant::now());
                type_line(console, "").ok()?;
                type_line(console, "exec sh 2>/dev/null").ok()?;
                type_line(
                    console,
                    "echo 1 >/proc/sys/kernel/printk; echo SHELL''-READY",
                )
                .ok()?;
            }
            console
                .text_since(start)
                .contains("SHELL-READY")
                .then_some(())
        })
    }

    /// The last command's exit status and the length of its output in bytes.
    fn status(&self, console: &Console, mark: &str, command: &str) -> Result<(u8, usize), Error> {
        let from = console.mark();
        let mut asked: Option<Instant> = None;
        // Quotes in the typed line keep its echo from looking like the answer.
        let question = format!("echo \"@\"{mark},$status,$(wc -c </run/console.out)\"@\"");
        self.wait_for(&format!("the end of `{command}`"), || {
            if asked.is_none_or(|asked| asked.elapsed() > ASK_AGAIN) {
                asked = Some(Instant::now());
                type_line(console, &question).ok()?;
            }
            find_status(&console.text_since(from), mark)
        })
    }

    fn output(&self, console: &Console, mark: &str, command: &str) -> Result<String, Error> {
        let from = console.mark();
        let (begin, end) = (format!("@begin {mark}@\n"), format!("@end {mark}@\n"));
        let mut asked: Option<Instant> = None;
        self.wait_for(&format!("the output of `{command}`"), || {
            if asked.is_none_or(|asked| asked.elapsed() > ASK_AGAIN) {
                asked = Some(Instant::now());
                type_line(
                    console,
                    &format!("echo '@'begin {mark}@; cat /run/console.out; echo '@'end {mark}@"),
                )
                .ok()?;
            }
            let text = raw_text_since(console, from);
            let (_, rest) = text.split_once(&begin)?;
            Some(rest.split_once(&end)?.0.to_owned())
        })
    }
}

fn type_line(console: &Console, line: &str) -> Result<(), Error> {
    console
        .send(format!("{line}\n"))
        .map_err(Error::io("typing on the console"))
}

/// Output byte for byte, but for the carriage return that a terminal gets before each
/// line feed.
fn raw_text_since(console: &Console, mark: Mark) -> String {
    String::from_utf8_lossy(&console.bytes_since(mark).0).replace("\r\n", "\n")
}

/// Finds `@<mark>,<status>,<length>@`.
fn find_status(text: &str, mark: &str) -> Option<(u8, usize)> {
    let wanted = format!("@{mark},");
    text.match_indices(&wanted).find_map(|(at, _)| {
        let (answer, _) = text[at + wanted.len()..].split_once('@')?;
        let (status, length) = answer.split_once(',')?;
        Some((status.parse().ok()?, length.trim().parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_of_the_question_is_no_answer() {
        let echo = "echo \"@\"7x1,$status,$(wc -c </run/console.out)\"@\"\n";
        assert_eq!(find_status(echo, "7x1"), None);
        let both = format!("{echo}[    9.1] eth0: link up\n@7x1,127,42@\n");
        assert_eq!(find_status(&both, "7x1"), Some((127, 42)));
    }

    #[test]
    fn an_answer_with_a_message_in_it_is_not_taken() {
        assert_eq!(find_status("@7x1,1[    9.1] eth0\n27,42@\n", "7x1"), None);
    }
}
