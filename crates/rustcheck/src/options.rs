//! The `-C`, `-Z`, `-O` and `-g` options of a rustc call as they take effect.

use std::collections::BTreeMap;

/// Options by name, as `-Copt-level`. Of several values rustc takes the last; features of the
/// target and arguments of the linker add up, each has an entry of its own then.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Options {
    settings: BTreeMap<String, String>,
}

/// Options that add up.
const LISTS: [&str; 5] = [
    "-Clink-arg",
    "-Clink-args",
    "-Cllvm-args",
    "-Cpasses",
    "-Zpre-link-arg",
];

/// What rustc does without being told (rustc's book, "Codegen Options").
const DEFAULTS: [(&str, &str); 7] = [
    ("-Copt-level", "0"),
    ("-Cdebuginfo", "0"),
    ("-Cpanic", "unwind"),
    ("-Cstrip", "none"),
    ("-Crpath", "no"),
    ("-Cembed-bitcode", "yes"),
    ("-Cprefer-dynamic", "no"),
];

impl Options {
    /// Reads the options among words.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let (kind, option) = match word {
                "-O" => ('C', "opt-level=-O"),
                "-g" => ('C', "debuginfo=-g"),
                "-C" | "--codegen" => ('C', words.next().unwrap_or_default()),
                "-Z" => ('Z', words.next().unwrap_or_default()),
                _ if word.starts_with('@') => ('@', &word[1..]),
                _ => match (
                    word.strip_prefix("-C"),
                    word.strip_prefix("--codegen="),
                    word.strip_prefix("-Z"),
                ) {
                    (Some(option), ..) | (_, Some(option), _) => ('C', option),
                    (.., Some(option)) => ('Z', option),
                    _ => continue,
                },
            };
            options.add(kind, option);
        }
        options
    }

    fn add(&mut self, kind: char, option: &str) {
        let (name, value) = option.split_once('=').unwrap_or((option, "yes"));
        let name = format!("-{kind}{}", name.replace('_', "-"));
        if name == "-Ctarget-feature" {
            for feature in value.split(',').filter(|feature| !feature.is_empty()) {
                let (sign, feature) = feature.split_at(1);
                self.settings
                    .insert(format!("{name} {feature}"), sign.to_owned());
            }
        } else if LISTS.contains(&name.as_str()) {
            self.settings
                .insert(format!("{name}={value}"), String::new());
        } else {
            self.settings.insert(name, plain(value).to_owned());
        }
    }

    /// Adds options that come later and win.
    pub fn extend(&mut self, later: Self) {
        self.settings.extend(later.settings);
    }

    /// The value of an option: what was given, else what rustc takes then.
    pub fn value(&self, name: &str) -> Option<&str> {
        let given = self.settings.get(name).map(String::as_str);
        given.or_else(|| self.unsaid(name))
    }

    /// What rustc takes beside the other options where this one is not given.
    pub fn unsaid(&self, name: &str) -> Option<&str> {
        match name {
            "-Cdebug-assertions" if self.value("-Copt-level") == Some("0") => Some("yes"),
            "-Cdebug-assertions" => Some("no"),
            "-Coverflow-checks" => self.value("-Cdebug-assertions"),
            _ => DEFAULTS
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value),
        }
    }

    /// The names of all that was given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str)
    }

    /// An option with its value, as people write it.
    pub fn said(name: &str, value: &str) -> String {
        match name.split_once(' ') {
            Some((option, feature)) => format!("{option}={value}{feature}"),
            None if value.is_empty() || value == "yes" => name.to_owned(),
            None => format!("{name}={value}"),
        }
    }
}

/// Of the words for yes and no the ones that [`DEFAULTS`] has (`parse_bool` in rustc's
/// options.rs).
fn plain(value: &str) -> &str {
    match value {
        "y" | "on" | "true" | "" => "yes",
        "n" | "off" | "false" => "no",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(line: &str) -> Options {
        Options::of(line.split(' '))
    }

    #[test]
    fn every_spelling_is_the_same_option() {
        for line in [
            "-C opt-level=3",
            "-Copt-level=3",
            "-C opt_level=3",
            "--codegen opt-level=3",
            "--codegen=opt-level=3",
            "-Copt-level=z -Copt-level=3",
            "-O -Copt-level=3",
        ] {
            assert_eq!(of(line).value("-Copt-level"), Some("3"), "{line}");
        }
        assert_eq!(of("-Copt-level=z -O").value("-Copt-level"), Some("-O"));
        assert_eq!(of("-Zx").value("-Zx"), of("-Z x=on").value("-Zx"));
    }

    #[test]
    fn features_add_up_and_the_last_word_on_each_counts() {
        let options = of("-Ctarget-feature=+thumb-mode,+crt-static -Ctarget-feature=-thumb-mode");
        assert_eq!(options.value("-Ctarget-feature thumb-mode"), Some("-"));
        assert_eq!(options.value("-Ctarget-feature crt-static"), Some("+"));
        let said = Options::said("-Ctarget-feature thumb-mode", "-");
        assert_eq!(said, "-Ctarget-feature=-thumb-mode");
    }

    #[test]
    fn arguments_of_the_linker_are_options_of_their_own() {
        let options = of("-Clink-arg=-lgcc -C link-arg=-s");
        assert_eq!(
            options.names().collect::<Vec<_>>(),
            ["-Clink-arg=-lgcc", "-Clink-arg=-s"]
        );
    }

    proptest! {
        #[test]
        fn an_option_is_read_in_one_word_and_in_two(name in "[a-z-]{1,9}", value in "[a-z0-9+]{1,9}") {
            let two = Options::of(["-C", &format!("{name}={value}")]);
            let one = Options::of([format!("-C{name}={value}").as_str()]);
            prop_assert_eq!(&one, &two);
        }
    }
}
