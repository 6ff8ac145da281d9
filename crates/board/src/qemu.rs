//! The emulator (`[qemu]`): its arguments, and the capabilities that it lacks.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use crate::Problem;
use crate::emulator::unknown_names;
use crate::units::{Bytes, Written};

/// The emulator (`[qemu]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    /// The program.
    pub binary: String,
    /// The Debian package that contains it.
    pub package: String,
    /// Its arguments; `{flash}` is the file with the chip's content, `{net}` the network, `{accel}`
    /// the accelerator (`kvm` if the host offers it, else `tcg`).
    pub args: Vec<String>,
    /// Linux's name for the device's serial console.
    pub console: String,
    /// The size of the chip's file that the emulator requires, if it is larger than the chip
    /// of `[flash]`; the rest reads as erased.
    pub pad_to: Option<Bytes>,
    /// The capabilities that the emulated machine lacks, so that tests cannot cover them.
    pub unsupported: Vec<Unsupported>,
}

impl Qemu {
    /// The entry in board.toml for a capability that the machine lacks.
    #[must_use]
    pub fn unsupported(&self, capability: Capability) -> Option<&Unsupported> {
        self.unsupported
            .iter()
            .find(|each| each.capability == capability)
    }
}

/// A capability that the emulated machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The capability.
    pub capability: Capability,
    /// The reason.
    pub reason: String,
    /// Its line in board.toml, from 1.
    pub line: usize,
}

/// What tests need from a machine besides booting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// A watchdog that resets the machine.
    Watchdog,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
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
    args: Vec<Spanned<String>>,
    console: String,
    pad_to: Option<Spanned<Written<Bytes>>>,
    #[serde(default)]
    unsupported: BTreeMap<Capability, Spanned<String>>,
}

impl RawQemu {
    /// The table with its lines, `line` of a byte of the file; and what is wrong with it.
    pub(super) fn read(self, chip: Bytes, line: &dyn Fn(usize) -> usize) -> (Qemu, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut note = |line, message: String| problems.push(Problem { line, message });
        let unsupported: Vec<Unsupported> = self
            .unsupported
            .into_iter()
            .map(|(capability, reason)| Unsupported {
                capability,
                line: line(reason.span().start),
                reason: reason.into_inner(),
            })
            .collect();
        for each in &unsupported {
            if each.reason.trim().is_empty() {
                note(
                    each.line,
                    format!(
                        "unsupported: {} has no reason: state why the emulated board lacks it",
                        each.capability
                    ),
                );
            }
        }
        for argument in &self.args {
            for name in unknown_names(argument.get_ref()) {
                note(
                    line(argument.span().start),
                    format!(
                        "args: {name} is not a placeholder: use {{flash}}, {{net}} or \
                             {{accel}}"
                    ),
                );
            }
        }
        let pad_to = self
            .pad_to
            .map(|size| (line(size.span().start), size.into_inner().0));
        if let Some((line, size)) = pad_to.filter(|(_, size)| *size <= chip) {
            note(
                line,
                format!("pad-to: {size} bytes, but the chip already has {chip}: remove it"),
            );
        }
        let qemu = Qemu {
            binary: self.binary,
            package: self.package,
            args: self.args.into_iter().map(Spanned::into_inner).collect(),
            console: self.console,
            pad_to: pad_to.map(|(_, size)| size),
            unsupported,
        };
        (qemu, problems)
    }
}
