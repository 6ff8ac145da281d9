//! Names of symbols: demangled, with the crate that they belong to.

/// The crates of Rust's own library. `__rustc` has the functions that rustc itself adds, such as
/// the way to the allocator.
const STD: &[&str] = &[
    "std",
    "core",
    "alloc",
    "proc_macro",
    "test",
    "unwind",
    "panic_abort",
    "panic_unwind",
    "compiler_builtins",
    "std_detect",
    "__rustc",
];

/// A Rust name.
pub struct RustName {
    /// Demangled, without hashes.
    pub path: String,
    pub krate: String,
}

/// Reads a mangled Rust name, of the old scheme or the new. None for the names of other languages.
pub fn rust_name(symbol: &str) -> Option<RustName> {
    let inner = ["switch.table.", ".Lswitch.table."]
        .iter()
        .find_map(|prefix| symbol.strip_prefix(prefix))
        .unwrap_or(symbol);
    let demangled = rustc_demangle::try_demangle(inner).ok()?;
    let path = format!("{demangled:#}");
    // The old scheme is C++'s: without the hash at its end it is a C++ name.
    if inner.trim_start_matches('_').starts_with("ZN") && format!("{demangled}") == path {
        return None;
    }
    let krate = crate_of(&path).unwrap_or("core").to_owned();
    Some(RustName { path, krate })
}

/// The crate that a demangled Rust name belongs to: the first one in it that is not std's, or the
/// first one of std.
///
/// So a method belongs to the crate of its type (`<actix_http::h1::Codec as
/// tokio_util::codec::Decoder>::decode` to `actix_http`), a method of std's types by a foreign
/// trait to the trait's crate, a closure to the crate around it, and the glue that drops a value
/// (`core::ptr::drop_in_place::<T>`) to the crate of the value's type. Generic code of std is in a
/// program because a crate uses it with its own types: it belongs to that crate. None if the name
/// has no path in it, as `<str>::trim` and `main` have none.
pub fn crate_of(path: &str) -> Option<&str> {
    let mut first = None;
    for krate in roots(path) {
        if !is_std(krate) {
            return Some(krate);
        }
        first = first.or(Some(krate));
    }
    first.map(|krate| if krate == "__rustc" { "std" } else { krate })
}

fn is_std(krate: &str) -> bool {
    STD.contains(&krate)
}

/// The first identifiers of all paths in a name.
fn roots(path: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < path.len() {
            let rest = &path[at..];
            let word = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            if word == 0 {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            let before = &path[..at];
            at += word;
            let begins = !before.ends_with("::") && !before.ends_with(['\'', '#']);
            let goes_on = path[at..].starts_with("::");
            if begins && goes_on && !rest.starts_with(|c: char| c.is_ascii_digit()) {
                return Some(&rest[..word]);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_the_first_crate_that_is_not_std() {
        for (path, krate) in [
            ("tinyrust::serve::worker", "tinyrust"),
            (
                "<actix_http::h1::Foo as core::future::future::Future>::poll",
                "actix_http",
            ),
            ("<&mut dyn bytes::Buf as core::fmt::Debug>::fmt", "bytes"),
            ("<alloc::vec::Vec<u8> as bytes::buf::BufMut>::put", "bytes"),
            (
                "core::ptr::drop_in_place::<alloc::boxed::Box<dyn a::T>>",
                "a",
            ),
            ("core::ptr::drop_in_place::<alloc::vec::Vec<u8>>", "core"),
            ("actix_web::app::run::<tinyrust::State>", "actix_web"),
            (
                "<core::option::Option<a::B<b::C>>>::map::<u8, {closure#0}>",
                "a",
            ),
            ("tinyrust::main::{closure#0}", "tinyrust"),
            (
                "<tinyrust::main::{closure#0} as core::ops::FnOnce<(&'a b::C,)>>::call_once::{shim:vtable#0}",
                "tinyrust",
            ),
            ("__rustc::__rust_alloc", "std"),
            ("std::rt::lang_start", "std"),
            ("<[u8; 4] as core::fmt::Debug>::fmt", "core"),
        ] {
            assert_eq!(crate_of(path), Some(krate), "{path}");
        }
        assert_eq!(crate_of("<str>::trim"), None);
        assert_eq!(crate_of("main"), None);
    }

    #[test]
    fn both_manglings_are_read_and_no_other() {
        let new = rust_name("_RNvNtCs5AiqVuRQawd_8tinyrust5serve6worker.llvm.123").unwrap();
        assert_eq!(
            (&*new.path, &*new.krate),
            ("tinyrust::serve::worker", "tinyrust")
        );
        let old = rust_name("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE").unwrap();
        assert_eq!(
            (&*old.path, &*old.krate),
            ("core::fmt::Formatter::pad", "core")
        );
        let table = rust_name("switch.table._RNvNtCs5AiqVuRQawd_8tinyrust5serve6worker").unwrap();
        assert_eq!(table.krate, "tinyrust");
        for other in [
            "main",
            "printf_core",
            "_ZNSt6vectorIiE9push_backEi",
            "_Z3foov",
            ".Lanon.7f.7",
        ] {
            assert!(rust_name(other).is_none(), "{other}");
        }
    }
}
