//! A writer for the one JSON document this server has. A serialisation framework for it would be
//! larger than the document and everything that fills it (docs/choices.md has the measurement).

use std::fmt::{self, Write};

/// A JSON document under construction. Keys and brackets are the caller's duty, commas and
/// escapes this writer's.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
    comma: bool,
}

impl Json {
    /// Begins an object (`{`) or an array (`[`).
    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.text.push(bracket);
        self.comma = false;
    }

    /// Ends an object (`}`) or an array (`]`).
    pub fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.comma = true;
    }

    /// The key of the value that follows.
    pub fn key(&mut self, name: &'static str) {
        self.string(Some(name));
        self.text.push(':');
        self.comma = false;
    }

    /// A string, or `null`. Escapes as RFC 8259, section 7 demands.
    pub fn string(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            return self.display(None);
        };
        self.separate();
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                '\0'..='\x1f' => {
                    // Writing to a String cannot fail.
                    let _ = write!(self.text, "\\u{:04x}", u32::from(c));
                }
                _ => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    /// A number as it displays itself, or `null`.
    pub fn number<T: fmt::Display>(&mut self, value: Option<T>) {
        self.display(value.as_ref().map(|v| v as &dyn fmt::Display));
    }

    /// The finished text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }

    fn display(&mut self, value: Option<&dyn fmt::Display>) {
        self.separate();
        let _ = match value {
            Some(value) => write!(self.text, "{value}"),
            None => self.text.write_str("null"),
        };
    }

    fn separate(&mut self) {
        if self.comma {
            self.text.push(',');
        }
        self.comma = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nesting_and_commas() {
        let mut json = Json::default();
        json.open('{');
        json.key("a");
        json.open('[');
        json.number(Some(1));
        json.number(None::<u64>);
        json.close(']');
        json.key("b");
        json.string(None);
        json.close('}');
        assert_eq!(json.finish(), "{\"a\":[1,null],\"b\":null}\n");
    }

    proptest! {
        #[test]
        fn any_string_is_read_back_by_another_parser(text in any::<String>()) {
            let mut json = Json::default();
            json.string(Some(&text));
            let back: String = serde_json::from_str(&json.finish()).expect("valid JSON");
            prop_assert_eq!(back, text);
        }
    }
}
