//! Sizes, offsets and addresses, each with its own type.
//!
//! In board.toml, a size or an offset is a string with a unit: `"448 KiB"`,
//! `"8 MiB"`, `"620_000 B"`. Only binary units exist, because flash chips have no
//! others. A bare decimal number is an error, because it could count bytes or KiB. A
//! hexadecimal number, `0x70000`, counts bytes.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

/// The units that a size may have, largest first.
const UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// An invalid size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// A number alone.
    #[error(
        "`{0}` has no unit: add B, KiB, MiB or GiB, as in \"448 KiB\"; only a hexadecimal \
         number, such as 0x70000, needs none"
    )]
    NoUnit(String),
    /// `0x` without a hexadecimal number of bytes after it.
    #[error(
        "`{0}` is not a hexadecimal number of bytes: write digits 0 to f after `0x` and no \
         unit, as in 0x70000"
    )]
    NoHexadecimal(String),
    /// A unit that flash chips do not have.
    #[error("`{unit}` is not a unit of size: use B, KiB (1,024 B), MiB or GiB")]
    UnknownUnit {
        /// The text in place of the unit.
        unit: String,
    },
    /// No whole number before the unit.
    #[error(
        "`{0}` does not start with a whole number: write a size as in \"448 KiB\" or \"620_000 B\""
    )]
    NoNumber(String),
    /// More than 64 bits of bytes.
    #[error("`{0}` is more bytes than 64 bits can hold")]
    TooLarge(String),
}

/// Reads `"448 KiB"` as a number of bytes.
fn parse_bytes(text: &str) -> Result<u64, SizeError> {
    let trimmed = text.trim();
    if let Some(digits) = trimmed.strip_prefix("0x") {
        return parse_hexadecimal(digits, text);
    }
    let split = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '_'))
        .unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..split], trimmed[split..].trim_start());
    if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('_') {
        return Err(SizeError::NoNumber(text.to_owned()));
    }
    if unit.is_empty() {
        return Err(SizeError::NoUnit(text.to_owned()));
    }
    if unit.starts_with(['.', ',']) {
        return Err(SizeError::NoNumber(text.to_owned()));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(SizeError::UnknownUnit {
            unit: unit.to_owned(),
        });
    };
    number
        .replace('_', "")
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(*factor))
        .ok_or_else(|| SizeError::TooLarge(text.to_owned()))
}

/// Reads what follows `0x` in `text`.
fn parse_hexadecimal(digits: &str, text: &str) -> Result<u64, SizeError> {
    let plain = |c: char| c.is_ascii_hexdigit() || c == '_';
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit())
        || digits.ends_with('_')
        || !digits.chars().all(plain)
    {
        return Err(SizeError::NoHexadecimal(text.to_owned()));
    }
    u64::from_str_radix(&digits.replace('_', ""), 16)
        .map_err(|_| SizeError::TooLarge(text.to_owned()))
}

/// Writes digits in groups of three: `2,691,072`.
fn group(value: u64, separator: char) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// A size as board.toml writes it: in MiB or KiB, the largest that divides it without a
/// remainder, else in bytes.
fn with_unit(value: u64) -> String {
    // A map is read in KiB; MiB only where the number would be long.
    for (unit, factor) in [("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if value > 0 && value.is_multiple_of(factor) && (unit == "KiB" || value >= 8 << 20) {
            return format!("{} {unit}", value / factor);
        }
    }
    format!("{} B", group(value, '_'))
}

/// A size or an offset as board.toml writes it, a string with a unit. The types
/// themselves are plain integers to serde, as in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<T>(pub T);

impl<'de, T: From<u64>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer).map(Self)
    }
}

/// For `#[serde(deserialize_with = "…")]` on a field that board.toml writes with a unit.
pub(crate) fn written<'de, D: Deserializer<'de>, T: From<u64>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(SizeVisitor).map(T::from)
}

struct SizeVisitor;

impl de::Visitor<'_> for SizeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size with its unit, as in \"448 KiB\", \"620_000 B\" or 0x70000")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        parse_bytes(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        Err(E::custom(SizeError::NoUnit(value.to_string())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Err(E::custom(SizeError::NoUnit(value.to_string())))
    }
}

macro_rules! size_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The number of bytes.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number of KiB, if it is whole.
            #[must_use]
            pub fn kib(self) -> Option<u64> {
                self.0.is_multiple_of(1024).then_some(self.0 / 1024)
            }

            /// As board.toml writes it: `448 KiB`, `620_000 B`.
            #[must_use]
            pub fn with_unit(self) -> String {
                with_unit(self.0)
            }

            /// `0x70000`.
            #[must_use]
            pub fn hex(self) -> String {
                format!("{:#x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = SizeError;

            fn from_str(text: &str) -> Result<Self, SizeError> {
                parse_bytes(text).map(Self)
            }
        }

        /// Bytes with thousands separated: `2,691,072`.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&group(self.0, ','))
            }
        }

        impl From<u64> for $name {
            fn from(bytes: u64) -> Self {
                Self(bytes)
            }
        }

        impl From<$name> for u64 {
            fn from(bytes: $name) -> Self {
                bytes.0
            }
        }
    };
}

size_type! {
    /// A number of bytes.
    Bytes
}

size_type! {
    /// A distance in bytes from the start of the chip, or of a partition if documented.
    Offset
}

impl Offset {
    /// The offset `size` further on; `None` past 64 bits.
    #[must_use]
    pub fn checked_add(self, size: Bytes) -> Option<Offset> {
        self.0.checked_add(size.0).map(Offset)
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(iter: I) -> Bytes {
        Bytes(iter.map(|b| b.0).sum())
    }
}

/// The difference between two sizes in bytes: `-1,234`, `0`, `1,234`, or `+1,234` if the format
/// asks for a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference(pub i128);

impl Difference {
    /// `now` less `before`.
    #[must_use]
    pub fn between(before: Bytes, now: Bytes) -> Self {
        Self(i128::from(now.0) - i128::from(before.0))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = Bytes(u64::try_from(self.0.unsigned_abs()).unwrap_or(u64::MAX));
        let sign = match self.0 {
            0 => "",
            1.. if f.sign_plus() => "+",
            1.. => "",
            _ => "-",
        };
        f.pad(&format!("{sign}{size}"))
    }
}

/// An address in the processor's memory map; in board.toml an integer, preferably written
/// as `0x2000_0000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Address(pub u64);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AddressVisitor)
    }
}

struct AddressVisitor;

impl de::Visitor<'_> for AddressVisitor {
    type Value = Address;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, as in 0x2000_0000")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Address, E> {
        Ok(Address(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Address, E> {
        let negative = || E::invalid_value(de::Unexpected::Signed(value), &self);
        u64::try_from(value).map(Address).map_err(|_| negative())
    }

    /// The text of a hexadecimal integer, as the TOML parser returns it.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Address, E> {
        let Some(digits) = text.strip_prefix("0x") else {
            return Err(E::invalid_type(de::Unexpected::Str(text), &self));
        };
        parse_hexadecimal(digits, text)
            .map(Address)
            .map_err(E::custom)
    }
}

impl Address {
    /// The address `offset` further on; `None` past 64 bits.
    #[must_use]
    pub fn checked_add(self, offset: Offset) -> Option<Address> {
        self.0.checked_add(offset.0).map(Address)
    }
}

/// `0x20080000`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_binary_and_underscores_are_allowed() {
        assert_eq!("448 KiB".parse(), Ok(Bytes(448 * 1024)));
        assert_eq!("8 MiB".parse(), Ok(Bytes(8 << 20)));
        assert_eq!("1GiB".parse(), Ok(Bytes(1 << 30)));
        assert_eq!("620_000 B".parse(), Ok(Bytes(620_000)));
        assert_eq!(" 0 KiB ".parse(), Ok(Offset(0)));
    }

    #[test]
    fn what_is_no_size_says_why() {
        assert_eq!("448".parse::<Bytes>(), Err(SizeError::NoUnit("448".into())));
        assert_eq!(
            "448 KB".parse::<Bytes>(),
            Err(SizeError::UnknownUnit { unit: "KB".into() })
        );
        assert_eq!(
            "1.5 MiB".parse::<Bytes>(),
            Err(SizeError::NoNumber("1.5 MiB".into()))
        );
        assert_eq!(
            "-1 KiB".parse::<Bytes>(),
            Err(SizeError::NoNumber("-1 KiB".into()))
        );
        assert_eq!("".parse::<Bytes>(), Err(SizeError::NoNumber("".into())));
        assert_eq!(
            "_1 B".parse::<Bytes>(),
            Err(SizeError::NoNumber("_1 B".into()))
        );
        assert_eq!(
            "18446744073709551615 KiB".parse::<Bytes>(),
            Err(SizeError::TooLarge("18446744073709551615 KiB".into()))
        );
    }

    #[test]
    fn sizes_are_written_as_people_read_them() {
        assert_eq!(Bytes(2_691_072).to_string(), "2,691,072");
        assert_eq!(Bytes(999).to_string(), "999");
        assert_eq!(Bytes(0).to_string(), "0");
        assert_eq!(format!("{:>9}", Bytes(1000)), "    1,000");
        assert_eq!(
            Difference::between(Bytes(2500), Bytes(1000)).to_string(),
            "-1,500"
        );
        assert_eq!(format!("{:+}", Difference(1_234)), "+1,234");
        assert_eq!(
            format!("{} {:+}", Difference(1_234), Difference(0)),
            "1,234 0"
        );
        assert_eq!(Bytes(1536 * 1024).with_unit(), "1536 KiB");
        assert_eq!(Bytes(8 << 20).with_unit(), "8 MiB");
        assert_eq!(Bytes(620_000).with_unit(), "620_000 B");
        assert_eq!(Offset(0).with_unit(), "0 B");
    }

    proptest! {
        #[test]
        fn the_written_form_is_read_back(bytes in any::<u64>()) {
            prop_assert_eq!(Bytes(bytes).with_unit().parse(), Ok(Bytes(bytes)));
        }

        #[test]
        fn every_unit_scales_or_overflows(n in any::<u64>(), at in 0..UNITS.len(), space in " {0,3}") {
            let (unit, factor) = UNITS[at];
            let text = format!("{n}{space}{unit}");
            match n.checked_mul(factor) {
                Some(bytes) => prop_assert_eq!(text.parse(), Ok(Bytes(bytes))),
                None => prop_assert_eq!(text.clone().parse::<Bytes>(), Err(SizeError::TooLarge(text))),
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<Bytes>();
        }

        #[test]
        fn grouping_changes_no_digit(bytes in any::<u64>()) {
            prop_assert_eq!(Bytes(bytes).to_string().replace(',', ""), bytes.to_string());
        }
    }
}
