//! The emulator (`[qemu]`): what it is given, and what it has not.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::Problem;
use crate::units::{Bytes, Written};

/// What stands for the image folder in an argument of the emulator.
const IMAGES: &str = "{images}/";

/// The emulator (`[qemu]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    /// The program.
    pub binary: String,
    /// The Debian package that brings it.
    pub package: String,
    /// Its arguments; `{flash}` is the flash image, `{net}` the network, `{images}/FILE` a
    /// file of [`beside_flash`](Self::beside_flash), `{accel}` what runs the processor (`kvm` where
    /// the host offers it, else `tcg`), `{root}` and `{mtdparts}` what the
    /// kernel's command line says of the first slot and of the map.
    pub args: Vec<String>,
    /// The device's serial console as Linux calls it.
    pub console: String,
    /// The size of the file that the emulator wants for its chip, where that is larger
    /// than the chip of `[flash]`: what is beyond reads as erased.
    pub pad_to: Option<Bytes>,
    /// The files of the image folder that the emulator gets beside the flash chip.
    pub beside_flash: Vec<Beside>,
    /// What the emulated machine has not, and tests therefore cannot show.
    pub lacks: Vec<Lack>,
}

impl Qemu {
    /// What board.toml says of a facility that the machine has not.
    #[must_use]
    pub fn lack(&self, facility: Facility) -> Option<&Lack> {
        self.lacks.iter().find(|lack| lack.facility == facility)
    }
}

/// A file that does not come out of the flash chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Its name in the image folder.
    pub file: PathBuf,
    /// Why it does not.
    pub reason: String,
    /// The line of board.toml that says so, from 1.
    pub line: usize,
}

/// A facility that the emulated machine has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Which.
    pub facility: Facility,
    /// Why.
    pub reason: String,
    /// The line of board.toml that says so, from 1.
    pub line: usize,
}

/// What tests need of a machine, beyond that it boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facility {
    /// A boot loader in the chip, which chooses the slot.
    BootLoader,
    /// A boot loader that keeps its settings in the chip.
    SavedEnvironment,
    /// A watchdog that resets the machine.
    Watchdog,
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BootLoader => "boot-loader",
            Self::SavedEnvironment => "saved-environment",
            Self::Watchdog => "watchdog",
        })
    }
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawQemu {
    binary: String,
    package: String,
    args: Spanned<Vec<String>>,
    console: String,
    pad_to: Option<Spanned<Written<Bytes>>>,
    #[serde(default)]
    beside_flash: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    lacks: BTreeMap<Facility, Spanned<String>>,
}

impl RawQemu {
    /// The table with its lines, `line` of a byte of the file; and what is wrong with it.
    pub(super) fn read(self, chip: Bytes, line: &dyn Fn(usize) -> usize) -> (Qemu, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut note = |line, message: String| problems.push(Problem { line, message });
        let args_line = line(self.args.span().start);
        let beside_flash: Vec<Beside> = self
            .beside_flash
            .into_iter()
            .map(|(file, reason)| Beside {
                file: file.into(),
                line: line(reason.span().start),
                reason: reason.into_inner(),
            })
            .collect();
        let lacks: Vec<Lack> = self
            .lacks
            .into_iter()
            .map(|(facility, reason)| Lack {
                facility,
                line: line(reason.span().start),
                reason: reason.into_inner(),
            })
            .collect();
        let reasons = beside_flash.iter().map(|b| (b.line, &b.reason));
        for (line, reason) in reasons.chain(lacks.iter().map(|l| (l.line, &l.reason))) {
            if reason.trim().is_empty() {
                note(line, "no reason: say why, for whoever reads it".to_owned());
            }
        }
        let args = self.args.into_inner();
        let used: Vec<&str> = args.iter().flat_map(|argument| files(argument)).collect();
        for file in &used {
            if !beside_flash.iter().any(|b| b.file.as_os_str() == *file) {
                note(
                    args_line,
                    format!(
                        "args: {file} comes from beside the flash chip: say why, as in \
                         beside-flash = {{ \"{file}\" = \"…\" }}"
                    ),
                );
            }
        }
        for beside in &beside_flash {
            if !used.iter().any(|file| beside.file.as_os_str() == *file) {
                let file = beside.file.display();
                note(
                    beside.line,
                    format!("beside-flash: no argument has {IMAGES}{file}: remove it"),
                );
            }
        }
        let pad_to = self
            .pad_to
            .map(|size| (line(size.span().start), size.into_inner().0));
        if let Some((line, size)) = pad_to.filter(|(_, size)| *size <= chip) {
            note(
                line,
                format!("pad-to: {size} bytes, {chip} in the chip already: remove it"),
            );
        }
        let qemu = Qemu {
            binary: self.binary,
            package: self.package,
            args,
            console: self.console,
            pad_to: pad_to.map(|(_, size)| size),
            beside_flash,
            lacks,
        };
        (qemu, problems)
    }
}

/// The files of the image folder that an argument names.
fn files(argument: &str) -> impl Iterator<Item = &str> {
    argument.split(IMAGES).skip(1).map(|rest| {
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        &rest[..end]
    })
}
