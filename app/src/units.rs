//! Quantities with their unit. Integers only: nothing else here needs floating point, so its
//! formatting would be on the flash for three numbers.

use std::fmt;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number in hundredths, written with two decimals: what the kernel's load and uptime have,
/// and one clock tick of `/proc/self/stat` in seconds (USER_HZ is 100 on every Linux target of Rust).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(pub u64);

impl Hundredths {
    /// Reads `12`, `12.3` or `12.34`; further digits are cut off. `None` for anything else,
    /// and for what does not fit in 64 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let mut decimals = fraction.bytes().map(|b| u64::from(b - b'0'));
        let tenths = decimals.next().unwrap_or(0);
        let hundredths = decimals.next().unwrap_or(0);
        let value = whole.parse::<u64>().ok()?.checked_mul(100)?;
        Some(Self(value.checked_add(tenths * 10 + hundredths)?))
    }
}

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_cut_not_rounded() {
        assert_eq!(Hundredths::parse("1.999"), Some(Hundredths(199)));
        assert_eq!(Hundredths::parse("7"), Some(Hundredths(700)));
        assert_eq!(Hundredths::parse("0.5"), Some(Hundredths(50)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1.0",
            "+1",
            "1e3",
            "1.2.3",
            "99999999999999999999",
        ] {
            assert_eq!(Hundredths::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_again_is_the_same(n in 0..=u64::MAX) {
            prop_assert_eq!(Hundredths::parse(&Hundredths(n).to_string()), Some(Hundredths(n)));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = Hundredths::parse(&text);
        }
    }
}
