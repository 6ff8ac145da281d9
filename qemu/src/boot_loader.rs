//! U-Boot's prompt on the serial console.

use std::time::{Duration, Instant};

use crate::console::Console;
use crate::diagnosis::PROMPT;
use crate::error::Error;
use crate::machine::Machine;

/// U-Boot looks for a key just once on its way, so keys come all the time.
const KEY_AGAIN: Duration = Duration::from_millis(20);

impl Machine {
    /// Switches the power on and stops U-Boot before it boots.
    ///
    /// # Errors
    /// When its prompt does not come.
    pub fn power_on_to_boot_loader(&mut self) -> Result<(), Error> {
        self.power_on()?;
        self.set_in_boot_loader(true);
        let console = self.console()?;
        let mut pressed = Instant::now();
        self.wait_for("U-Boot's prompt", || {
            if pressed.elapsed() > KEY_AGAIN {
                pressed = Instant::now();
                console.send("\n").ok()?;
            }
            console.text().ends_with(PROMPT).then_some(())
        })?;
        // More keys than needed are under way, and each brings a prompt: they are all
        // gone once this has been answered.
        let start = console.mark();
        type_line(console, "echo ALL''-READ")?;
        self.wait_for("U-Boot to read its keys", || {
            let text = console.text_since(start);
            text.split_once("ALL-READ\n")
                .is_some_and(|(_, rest)| rest == PROMPT)
                .then_some(())
        })
    }

    /// Types a command at U-Boot's prompt, waits for the next prompt and gives what was
    /// printed between.
    ///
    /// # Errors
    /// When the prompt does not come back.
    pub fn boot_loader_command(&self, command: &str) -> Result<String, Error> {
        let console = self.console()?;
        let start = console.mark();
        type_line(console, command)?;
        self.wait_for(&format!("the end of U-Boot's `{command}`"), || {
            let text = console.text_since(start);
            let (_echo, output) = text.split_once('\n')?;
            Some(output.strip_suffix(PROMPT)?.to_owned())
        })
    }

    /// Resets the device from U-Boot's prompt; this time it is left alone.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn reset_from_boot_loader(&self) -> Result<(), Error> {
        let console = self.console()?;
        self.wait_for_reset("the reset after U-Boot's `reset`", || {
            type_line(console, "reset")
        })?;
        self.set_in_boot_loader(false);
        Ok(())
    }
}

fn type_line(console: &Console, line: &str) -> Result<(), Error> {
    console
        .send(format!("{line}\n"))
        .map_err(Error::io("typing on the console"))
}
