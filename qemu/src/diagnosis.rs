//! Signs on the console that waiting any longer is of no use.

use std::path::Path;

use crate::crash::{self, Crash};

/// What ended a wait before the awaited thing came.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Diagnosis {
    /// The kernel gave up.
    #[error("the kernel panicked: {0}")]
    KernelPanic(String),
    /// A program or the kernel met an instruction that this CPU has not.
    #[error(
        "illegal instruction: {0}\n\
         (board.toml enables a CPU feature that the SoC lacks, in [rust] rustflags or [cc] cflags, \
         or a program built with immediate-abort panicked)"
    )]
    IllegalInstruction(Crash),
    /// The kernel tripped over its own feet without giving up.
    #[error("the kernel reports a fault: {0}")]
    KernelFault(String),
    /// The boot loader found nothing that it could start.
    #[error("the boot loader gave up: {0}")]
    BootLoader(String),
    /// The boot loader waits for commands.
    #[error("the boot loader stopped at its prompt")]
    BootLoaderPrompt,
    /// The device started again by itself.
    #[error("the device reset itself {0} time(s)")]
    Reset(usize),
    /// Nothing at all came for too long.
    #[error("the console has been silent for {0} s")]
    Silence(u64),
    /// The time is over.
    #[error("the timeout expired")]
    Deadline,
    /// QEMU is gone.
    #[error("QEMU ended ({status}){}{stderr}", if stderr.is_empty() { "" } else { ": " })]
    QemuEnded {
        /// How it ended.
        status: String,
        /// What it printed.
        stderr: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Diagnosis {
    /// With the function that an address lies in, where the image folder has the program's
    /// symbols.
    pub(crate) fn named(self, images: &Path) -> Self {
        match self {
            Self::IllegalInstruction(crash) => Self::IllegalInstruction(crash.named(images)),
            other => other,
        }
    }
}

/// Finds the first sign in the console's text that the device will not come up.
///
/// Sources of the phrases: Linux `kernel/panic.c`, `arch/*/kernel/traps.c` and
/// `kernel/signal.c`; U-Boot `common/spl/spl.c`, `lib/hang.c` and
/// `arch/arm/lib/interrupts.c`; busybox ash for the words after a program died.
pub(crate) fn find(text: &str) -> Option<Diagnosis> {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().find_map(|(at, line)| {
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| line.contains(phrase));
        let said = || line.trim().to_owned();
        if has(&["Kernel panic - not syncing"]) {
            Some(Diagnosis::KernelPanic(said()))
        } else if crash::is_report(line) {
            // Half of a report is not taken: the address is in the other half.
            crash::read(&lines[at..]).map(Diagnosis::IllegalInstruction)
        } else if has(&["Illegal instruction", "undefined instruction"]) {
            Some(Diagnosis::IllegalInstruction(Crash::said(line)))
        } else if has(&["Internal error: Oops", "Unable to handle kernel"]) {
            Some(Diagnosis::KernelFault(said()))
        } else if has(&[
            "### ERROR ### Please RESET the board ###",
            "SPL: failed to boot from all boot devices",
        ]) {
            Some(Diagnosis::BootLoader(said()))
        } else {
            None
        }
    })
}

/// U-Boot's prompt (`CONFIG_SYS_PROMPT`).
pub(crate) const PROMPT: &str = "=> ";

/// Whether the console ends in U-Boot's prompt.
pub(crate) fn at_boot_loader_prompt(text: &str) -> bool {
    text.rsplit('\n').next() == Some(PROMPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_found_with_its_reason() {
        let text = "[    1.0] VFS: Cannot open root device\n\
            [    1.1] Kernel panic - not syncing: VFS: Unable to mount root fs on mtdblock3\n";
        assert_eq!(
            find(text),
            Some(Diagnosis::KernelPanic(
                "[    1.1] Kernel panic - not syncing: VFS: Unable to mount root fs on mtdblock3"
                    .to_owned()
            ))
        );
    }

    #[test]
    fn what_the_shell_says_of_a_dead_program_is_enough() {
        assert!(matches!(
            find("# ./x\nIllegal instruction\n"),
            Some(Diagnosis::IllegalInstruction(crash)) if crash.address.is_none()
        ));
    }

    #[test]
    fn ordinary_output_is_no_trouble() {
        assert_eq!(
            find("Loading kernel\n   Verifying Hash Integrity ... OK\n"),
            None
        );
        assert!(!at_boot_loader_prompt("=> boot\nStarting kernel ..."));
        assert!(at_boot_loader_prompt("Net: none\n=> "));
    }
}
