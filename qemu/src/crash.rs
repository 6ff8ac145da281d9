//! A program that died of an instruction which the CPU has not.
//!
//! With `print-fatal-signals=1` the kernel says of every program that a signal ends which one
//! it was (`print_fatal_signal` in linux/kernel/signal.c) and prints its registers
//! (`show_regs`, each architecture's own).

use std::fmt;
use std::path::Path;

use crate::symbols::{self, Function};

/// The kernel's words, before the number of the signal.
const REPORT: &str = ": potentially unexpected fatal signal ";

/// How far from those words the program counter is at most; x86 dumps its code before it.
const REGISTERS: usize = 16;

/// SIGILL, and SIGTRAP, which compilers use for what must not be reached on CPUs that have a
/// breakpoint and no undefined instruction by definition (aarch64, MIPS).
const SIGNALS: [u32; 2] = [4, 5];

/// A program that died of an instruction.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Crash {
    /// What the console said.
    pub said: String,
    /// The program's file.
    pub program: Option<String>,
    /// Where the instruction is in the program's memory.
    pub address: Option<u64>,
    /// The function that it belongs to, and how far in.
    pub function: Option<Function>,
}

impl Crash {
    /// One of which no more is known than the console's line.
    pub(crate) fn said(line: &str) -> Self {
        Self {
            said: line.trim().to_owned(),
            ..Self::default()
        }
    }

    /// Looks the address up in `<program>.debug` of the image folder `images`.
    pub(crate) fn named(mut self, images: &Path) -> Self {
        if let (Some(program), Some(address)) = (&self.program, self.address) {
            let symbols = images.join(format!("{program}.debug"));
            self.function = symbols::function(&symbols, address);
        }
        self
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(program), Some(address)) = (&self.program, self.address) else {
            return f.write_str(&self.said);
        };
        write!(f, "{program} died at address {address:#x}, ")?;
        match &self.function {
            Some(function) => write!(f, "in the function {function}")?,
            None => write!(
                f,
                "in an unknown function ({program}.debug in the image folder does not name it)"
            )?,
        }
        write!(f, ": {}", self.said)
    }
}

/// Whether the kernel says in this line that an instruction ended a program.
pub(crate) fn is_report(line: &str) -> bool {
    program(line).is_some()
}

/// The program that a report is about: `[    6.1] tinyrust: tinyrust: potentially …`, its file
/// and its name.
fn program(line: &str) -> Option<&str> {
    let (names, signal) = line.split_once(REPORT)?;
    let signal: u32 = signal.trim_end().strip_suffix('.')?.parse().ok()?;
    let names = message(names);
    let file = names.split_once(": ").map_or(names, |(file, _)| file);
    SIGNALS.contains(&signal).then_some(file)
}

/// A line without the kernel's time, and what stood on the console before it.
fn message(line: &str) -> &str {
    line.rsplit_once("] ").map_or(line, |(_, message)| message)
}

/// Reads a report, whose first line is the first of `lines`; `None` where its end has not
/// come yet.
pub(crate) fn read(lines: &[&str]) -> Option<Crash> {
    let (first, rest) = lines.split_first()?;
    let program = program(first)?;
    // The last line may be half of one.
    let whole = rest.split_last().map_or(rest, |(_, whole)| whole);
    let address = whole.iter().take(REGISTERS).find_map(|line| counter(line));
    if rest.len() <= REGISTERS && address.is_none() {
        return None;
    }
    Some(Crash {
        program: Some(program.to_owned()),
        address,
        ..Crash::said(message(first))
    })
}

/// The program counter in a line of registers, in each architecture's words: `pc : [<…>]` and
/// `pc : …` (ARM), `epc : …` (RISC-V), `epc   : …` (MIPS), `RIP: 0033:0x…` (x86, with the
/// segment before it).
fn counter(line: &str) -> Option<u64> {
    let (_, value) = ["pc :", "epc   :", "RIP:"]
        .iter()
        .find_map(|word| line.split_once(word))?;
    let value = value.trim_start();
    let value = match value.split_once(':') {
        Some((segment, offset)) if segment.len() == 4 => offset,
        _ => value,
    };
    let value = value.trim_start_matches("[<").trim_start_matches("0x");
    let end = value.find(|c: char| !c.is_ascii_hexdigit());
    let end = end.unwrap_or(value.len());
    u64::from_str_radix(&value[..end], 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A NEON instruction on an AST2600: the console shares the line with init.
    const ARM: &str = "\
Please press Enter to activate this console. [    7.109332] tinyrust: tinyrust: potentially unexpected fatal signal 4.
[    7.110123] CPU: 0 UID: 80 PID: 71 Comm: tinyrust Not tainted 6.12.107 #1
[    7.110587] Hardware name: Generic DT based system
[    7.110907] PC is at 0x0001022c
[    7.111214] LR is at 0x0001010d
[    7.111412] pc : [<0001022c>]    lr : [<0001010d>]    psr: 20000030
[    7.111783] sp : 7eaefe68  ip : 000150c4  fp : 00000000
";

    fn of(text: &str) -> Option<Crash> {
        read(&text.lines().collect::<Vec<_>>())
    }

    #[test]
    fn a_report_is_read() {
        let crash = of(ARM).expect("a whole report");
        assert_eq!(crash.program.as_deref(), Some("tinyrust"));
        assert_eq!(crash.address, Some(0x1022c));
        let said = crash.to_string();
        assert!(
            said.starts_with("tinyrust died at address 0x1022c"),
            "{said}"
        );
        assert!(said.contains("fatal signal 4"), "{said}");
    }

    #[test]
    fn every_architecture_has_its_words_for_the_address() {
        for line in [
            "[   12.662975] pc : [<00040f1e>]    lr : [<0001a6bd>]    psr: 60000030",
            "[    6.103241] pc : 0000000000040f1e",
            "[    6.103241] epc : 0000000000040f1e ra : 0000000000010a34 sp : 0000003fffab",
            "[    6.103241] epc   : 00040f1e 0x40f1e",
            "[    6.103241] RIP: 0033:0x40f1e",
        ] {
            assert_eq!(counter(line), Some(0x40f1e), "{line}");
        }
        assert_eq!(counter("[   12.662700] PC is at 0x00040f1e"), None);
    }

    #[test]
    fn half_a_report_is_waited_for() {
        for lines in 1..=6 {
            let half = ARM.lines().take(lines).collect::<Vec<_>>().join("\n");
            assert_eq!(of(&half), None, "{half}");
        }
        let cut = ARM.split_once("2c>]").expect("the address").0;
        assert_eq!(of(cut), None);
    }

    #[test]
    fn a_report_without_registers_is_told_in_the_end() {
        let text = format!(
            "{}\n{}",
            ARM.lines().next().expect("a line"),
            "x\n".repeat(20)
        );
        let crash = of(&text).expect("it has ended");
        assert_eq!(crash.address, None);
        assert!(crash.to_string().contains("fatal signal 4"));
    }

    #[test]
    fn a_killed_program_is_none_of_it() {
        for signal in [6, 11, 40] {
            assert!(!is_report(&format!(
                "[   15.29] tinyrust: tinyrust: potentially unexpected fatal signal {signal}."
            )));
        }
    }
}
