//! Readers for the files of `/proc` (proc(5)). Each takes the file's text and gives `None` for what
//! is not there or not in the documented format.

use crate::units::{Bytes, Hundredths};

/// Seconds since boot, from `/proc/uptime`.
#[must_use]
pub fn uptime(text: &str) -> Option<Hundredths> {
    Hundredths::parse(text.split_ascii_whitespace().next()?)
}

/// The load averages over 1, 5 and 15 minutes, from `/proc/loadavg`.
#[must_use]
pub fn load(text: &str) -> Option<[Hundredths; 3]> {
    let mut words = text.split_ascii_whitespace().map(Hundredths::parse);
    Some([words.next()??, words.next()??, words.next()??])
}

/// A field of `/proc/meminfo` or `/proc/self/status`: a line `Name:   123 kB`, in units of 1,024
/// bytes whatever the letter says.
#[must_use]
pub fn kilobytes(text: &str, name: &str) -> Option<Bytes> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number = line.trim_ascii().strip_suffix(" kB")?;
    Some(Bytes(number.parse::<u64>().ok()?.checked_mul(1024)?))
}

/// The moment of boot in seconds since 1970, the line `btime` of `/proc/stat`.
#[must_use]
pub fn boot_time(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .parse()
        .ok()
}

/// What `/proc/self/stat` has about times. A clock tick is a hundredth of a second on every Linux
/// target of Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Time on the CPU, user and system together, in seconds.
    pub cpu: Hundredths,
    /// Start of the process in seconds after boot.
    pub started: Hundredths,
}

/// The times in `/proc/self/stat`. The second field is the program's name in parentheses and may
/// itself contain parentheses and spaces, so the fields are counted from the last parenthesis.
#[must_use]
pub fn times(text: &str) -> Option<Times> {
    let (_, fields) = text.rsplit_once(") ")?;
    let field = |number: usize| fields.split(' ').nth(number - 3)?.parse::<u64>().ok();
    Some(Times {
        cpu: Hundredths(field(14)?.checked_add(field(15)?)?),
        started: Hundredths(field(22)?),
    })
}

/// The value of `name=` on the kernel's command line; the last one counts, as in the kernel.
#[must_use]
pub fn argument<'a>(command_line: &'a str, name: &str) -> Option<&'a str> {
    let value = |word: &'a str| word.strip_prefix(name)?.strip_prefix('=');
    command_line
        .split_ascii_whitespace()
        .filter_map(value)
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_of_a_running_kernel() {
        assert_eq!(
            uptime("350735.47 234388.90\n"),
            Some(Hundredths(35_073_547))
        );
        assert_eq!(
            load("0.20 0.18 12.12 1/80 11206\n"),
            Some([Hundredths(20), Hundredths(18), Hundredths(1212)])
        );
        let meminfo =
            "MemTotal:         505720 kB\nMemFree:            1 kB\nHugePages_Total:       0\n";
        assert_eq!(kilobytes(meminfo, "MemTotal"), Some(Bytes(505_720 * 1024)));
        assert_eq!(kilobytes(meminfo, "Mem"), None);
        assert_eq!(kilobytes(meminfo, "HugePages_Total"), None);
        assert_eq!(
            boot_time("cpu  1 2 3\nbtime 1700000000\n"),
            Some(1_700_000_000)
        );
    }

    #[test]
    fn a_program_name_with_parentheses() {
        let stat = "80 (a) b) S 1 80 80 0 -1 4194560 90 0 0 0 7 5 0 0 20 0 3 0 123 4567 89";
        let expected = Times {
            cpu: Hundredths(12),
            started: Hundredths(123),
        };
        assert_eq!(times(stat), Some(expected));
    }

    #[test]
    fn the_slot_is_the_last_one_named() {
        assert_eq!(
            argument("root=/dev/x slot=a quiet slot=b", "slot"),
            Some("b")
        );
        assert_eq!(argument("rootslot=a slots=b", "slot"), None);
    }

    proptest! {
        #[test]
        fn any_load_is_read(a in 0..1_000_000_u64, b in 0..1_000_000_u64, c in 0..1_000_000_u64) {
            let [a, b, c] = [a, b, c].map(Hundredths);
            prop_assert_eq!(load(&format!("{a} {b} {c} 1/80 1\n")), Some([a, b, c]));
        }

        #[test]
        fn any_amount_of_memory_is_read(value in 0..u64::MAX / 1024, pad in 0..12_usize) {
            let text = format!("Other: 1 kB\nMemFree:{}{value} kB\n", " ".repeat(pad + 1));
            prop_assert_eq!(kilobytes(&text, "MemFree"), Some(Bytes(value * 1024)));
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>(), name in "[A-Za-z]{0,8}") {
            let _ = (uptime(&text), load(&text), kilobytes(&text, &name));
            let _ = (boot_time(&text), times(&text), argument(&text, &name));
        }

        #[test]
        fn a_truncated_stat_is_read_without_panic(length in 0..80_usize) {
            let stat = "80 (tinyrust) S 1 80 80 0 -1 4194560 90 0 0 0 7 5 0 0 20 0 3 0 123 4567 89 18";
            let cut = stat.get(..length).unwrap_or(stat);
            let _ = times(cut);
        }
    }
}
