//! Names without what a compiler or a version numbers, to recognise a node in another build.

use crate::report::Kind;

/// The suffixes that a compiler adds to the name of a copy or a part of a function. Each may be
/// followed by a number.
const SUFFIXES: [&str; 9] = [
    ".llvm",
    ".constprop",
    ".isra",
    ".part",
    ".cold",
    ".lto_priv",
    ".localalias",
    ".specialized",
    ".relro_padding",
];

/// The name of a node of that kind, so that equal names probably mean the same thing.
pub(super) fn normalised(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Function | Kind::Data => symbol(name),
        Kind::Crate | Kind::Library | Kind::Object => without_hashes(name),
        Kind::File | Kind::Folder | Kind::Image | Kind::Package => without_version(name),
        _ => name.to_owned(),
    }
}

/// A symbol without a hash (`::h0123456789abcdef`, `core[0123456789abcdef]`), a copy's suffix
/// (`.llvm.123`, `.constprop.0`) and the numbers of closures, implementations and anonymous data
/// (`{closure#3}`, `.Lanon.….5`).
fn symbol(name: &str) -> String {
    let mut name = name;
    // `f.part.0.isra.1`, `buffer.12`
    while let Some((rest, last)) = name.rsplit_once('.') {
        let is_suffix = SUFFIXES.iter().any(|suffix| suffix[1..] == *last);
        let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        if rest.is_empty() || !(is_suffix || is_number) {
            break;
        }
        name = rest;
    }
    let name = match name.rsplit_once("::h") {
        Some((rest, hash)) if hash.len() == 16 && is_hash(hash) => rest,
        _ => name,
    };
    without_hashes(&without_numbers(name))
}

/// The number after `#`, as in `{closure#3}` or `{{impl}}#2`.
fn without_numbers(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '#' {
            while chars.next_if(char::is_ascii_digit).is_some() {}
        }
    }
    out
}

/// Hexadecimal words of 16 digits and more, and of a crate's 5 to 16 in brackets.
fn without_hashes(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String, next: Option<char>| {
        let bracketed = out.ends_with('[') && next == Some(']') && word.len() >= 5;
        if !(is_hash(word) && (word.len() >= 16 || bracketed)) {
            out.push_str(word);
        }
        word.clear();
    };
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            end(&mut word, &mut out, Some(c));
            out.push(c);
        }
    }
    end(&mut word, &mut out, None);
    out
}

fn is_hash(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A file's or package's name with each number as `0`: `libssl.so.3` in the place of `libssl.so.1.1`,
/// the modules of another kernel.
fn without_version(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut in_number = false;
    for c in name.chars() {
        let goes_on = c.is_ascii_digit() || (in_number && c == '.');
        if !goes_on {
            out.push(c);
        } else if !in_number {
            out.push('0');
        }
        in_number = goes_on;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn alike(kind: Kind, a: &str, b: &str) {
        assert_eq!(normalised(kind, a), normalised(kind, b));
    }

    #[test]
    fn what_a_compiler_numbers_is_the_same() {
        for (a, b) in [
            (
                "core::fmt::write::h0123456789abcdef",
                "core::fmt::write::hfedcba9876543210",
            ),
            ("core::fmt::write::h0123456789abcdef", "core::fmt::write"),
            (
                "core[8787f43e282added]::fmt::write",
                "core[1b2c3d4e5f607182]::fmt::write",
            ),
            ("poll.llvm.1234567890", "poll.llvm.42"),
            ("poll.llvm.1234567890", "poll"),
            ("vfs_read.constprop.0", "vfs_read.constprop.1.isra.0"),
            ("app::main::{closure#3}", "app::main::{closure#14}"),
            (
                ".Lanon.0123456789abcdef0123456789abcdef.5",
                ".Lanon.fedcba9876543210fedcba9876543210.17",
            ),
            (
                "alloc_0123456789abcdef0123456789abcdef",
                "alloc_fedcba9876543210fedcba9876543210",
            ),
            ("buffer.12", "buffer.3"),
        ] {
            alike(Kind::Function, a, b);
        }
        alike(
            Kind::Crate,
            "serde-0123456789abcdef",
            "serde-fedcba9876543210",
        );
        alike(Kind::File, "libssl.so.1.1", "libssl.so.3");
        alike(Kind::Folder, "6.12.107", "6.12.9");
    }

    #[test]
    fn other_names_stay_apart() {
        for (a, b) in [
            ("app::read", "app::write"),
            ("handler1", "handler2"),
            ("core::deadbeef", "core::cafe"),
            ("a::h0123", "a::h4567"),
            (".text", ".data"),
        ] {
            assert_ne!(normalised(Kind::Function, a), normalised(Kind::Function, b));
        }
    }
}
