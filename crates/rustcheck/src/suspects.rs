//! Where a flag that nobody asked for may come from.

use std::fmt::Write as _;

/// The variables in sight that are stronger than what a builder sets, and where else to look.
///
/// Strongest first, as cargo takes them: `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS`,
/// `CARGO_TARGET_*_RUSTFLAGS` (The Cargo Book, "build.rustflags").
pub fn suspects(error: &str, vars: impl Iterator<Item = (String, String)>) -> String {
    let mut found = vars
        .filter(|(name, value)| !value.is_empty() && is_suspect(name, error))
        .collect::<Vec<_>>();
    found.sort();
    let mut text = String::new();
    for (name, value) in found {
        let _ = write!(text, "\n  in the environment: {name}={value}");
    }
    if text.is_empty() {
        text.push_str(
            "\n  no environment variable sets it: look at [profile.*] in the crate's \
             Cargo.toml, at each config.toml in .cargo folders above it and in CARGO_HOME, and \
             at the flags that the package or recipe adds",
        );
    }
    text
}

fn is_suspect(name: &str, error: &str) -> bool {
    if let Some((_, key)) = name
        .strip_prefix("CARGO_PROFILE_")
        .and_then(|rest| rest.split_once('_'))
    {
        return error.contains(&format!("-C{}=", key.to_lowercase().replace('_', "-")));
    }
    matches!(
        name,
        "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_BUILD_RUSTFLAGS"
    ) || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_was_stronger_is_named_with_its_value() {
        let vars = |all: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            all.iter().map(pair).collect::<Vec<_>>().into_iter()
        };
        let text = suspects(
            "-Copt-level=z wanted, -Copt-level=2 given",
            vars(&[
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
                ("CARGO_PROFILE_RELEASE_PANIC", "unwind"),
                ("RUSTFLAGS", ""),
            ]),
        );
        assert!(text.contains("CARGO_PROFILE_RELEASE_OPT_LEVEL=2"), "{text}");
        assert!(
            !text.contains("PANIC") && !text.contains("RUSTFLAGS"),
            "{text}"
        );
        assert!(suspects("", vars(&[("HOME", "/root")])).contains("config.toml in .cargo"));
    }
}
