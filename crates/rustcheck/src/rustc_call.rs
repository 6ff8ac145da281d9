//! The rustc calls that `cargo build -v` prints.

/// A call of rustc.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    words: Vec<String>,
}

impl Call {
    /// The calls in the output of `cargo build -v`; those for the host (build scripts,
    /// procedural macros) included.
    pub fn parse_all(output: &str) -> Vec<Self> {
        output.lines().filter_map(Self::parse).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let command = line.trim().strip_prefix("Running `")?.strip_suffix('`')?;
        let words = shlex::split(command)?;
        // With -vv the environment stands before the program.
        let program = words.iter().position(|word| !is_assignment(word))?;
        let call = Self {
            words: words[program..].to_vec(),
        };
        let is_rustc = call.words[0].rsplit('/').next() == Some("rustc")
            || call
                .words
                .get(1)
                .is_some_and(|word| word.ends_with("rustc"));
        (is_rustc && call.value("--crate-name").is_some()).then_some(call)
    }

    /// The value of an option: `--name value` or `--name=value`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == name {
                return words.next().map(String::as_str);
            }
            if let Some(value) = word.strip_prefix(name).and_then(|w| w.strip_prefix('=')) {
                return Some(value);
            }
        }
        None
    }

    /// The crate's name.
    pub fn crate_name(&self) -> &str {
        self.value("--crate-name").unwrap_or_default()
    }

    fn source(&self) -> &str {
        self.words
            .iter()
            .map(String::as_str)
            .find(|word| word.ends_with(".rs"))
            .unwrap_or_default()
    }

    /// All `-C` and `-Z` options as `Cname=value`, whether rustc was given `-C name` or `-Cname`.
    fn options(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-C" | "--codegen" => all.extend(words.next().map(|word| format!("C{word}"))),
                "-Z" => all.extend(words.next().map(|word| format!("Z{word}"))),
                _ => {
                    if let Some(option) = word.strip_prefix('-')
                        && option.starts_with(['C', 'Z'])
                    {
                        all.push(option.to_owned());
                    }
                }
            }
        }
        all
    }

    /// A `-C` option's value: of several, rustc takes the last.
    pub fn codegen(&self, name: &str) -> Option<String> {
        self.options().iter().rev().find_map(|option| {
            let option = option.strip_prefix('C')?;
            let (found, value) = option.split_once('=').unwrap_or((option, ""));
            (found == name).then(|| value.to_owned())
        })
    }

    /// Whether it makes a program: the crates are linked then.
    pub fn links(&self) -> bool {
        self.value("--crate-type") == Some("bin")
    }

    /// Whether it compiles a crate of the standard library's own source; not what that takes
    /// from a registry.
    pub fn is_std(&self) -> bool {
        self.source().contains("/rustlib/src/rust/library/")
    }

    /// Whether a flag of RUSTFLAGS, which may be one word or two, is among the options.
    pub fn has(&self, flag: &str) -> bool {
        match flag.strip_prefix('-') {
            Some(option) if option.starts_with(['C', 'Z']) => {
                let option = option.replacen(' ', "", 1);
                self.options().contains(&option)
            }
            _ => self.words.iter().any(|word| word == flag),
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_option_is_read_in_one_word_and_in_two(name in "[a-z-]{1,9}", value in "[a-z0-9+,]{0,9}") {
            for text in [format!("-C {name}={value}"), format!("-C{name}={value}")] {
                let line = format!("Running `/t/bin/rustc --crate-name a {text}`");
                let call = Call::parse(&line).unwrap();
                prop_assert_eq!(call.codegen(&name), Some(value.clone()));
                prop_assert!(call.has(&text));
            }
        }
    }
}
