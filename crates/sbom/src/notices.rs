//! One file with all licence texts, for the product's manual.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::component::{Component, Kind, Text};
use crate::firmware::Firmware;
use crate::licence::STANDARD;

const RULE: &str =
    "================================================================================";

/// A text and who has it.
struct Shared<'a> {
    text: &'a Text,
    of: Vec<String>,
}

/// The file's text: a table of what is under which licence, and then each text once.
pub fn of(firmware: &Firmware) -> String {
    let listed: Vec<&Component> = firmware
        .components
        .iter()
        .filter(|one| one.kind != Kind::File)
        .collect();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut shared: Vec<Shared> = Vec::new();
    let mut rows = Vec::new();
    for one in &listed {
        let mut own = Vec::new();
        for text in &one.texts {
            let number = *numbers.entry(key(&text.text)).or_insert_with(|| {
                let of = Vec::new();
                shared.push(Shared { text, of });
                shared.len()
            });
            shared[number - 1].of.push(origin(one, text));
            if !own.contains(&number) {
                own.push(number);
            }
        }
        rows.push((one, own));
    }
    let image = &firmware.image;
    let mut file = format!(
        "Licences of the software in {} {}\n\n\
         Each row names a part of the software, its licence, and the numbers of its texts below.\n\
         Where a part came without a text, the text is that of SPDX's list, with its authors.\n\n",
        image.name, image.version
    );
    let widths = |column: &dyn Fn(&Component) -> usize| {
        let lengths = listed.iter().map(|one| column(one));
        lengths.max().unwrap_or_default()
    };
    let (first, second) = (
        widths(&|one| title(one).len()),
        widths(&|one| licence(one).len()),
    );
    for (one, numbers) in &rows {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        let numbers = match numbers.is_empty() {
            true => "no text".to_owned(),
            false => numbers.join(", "),
        };
        let _ = writeln!(
            file,
            "{:first$}  {:second$}  {numbers}",
            title(one),
            licence(one)
        );
        for part in &one.parts {
            let _ = writeln!(file, "  with {}", title(part));
        }
    }
    for (at, one) in shared.iter().enumerate() {
        let _ = write!(file, "\n{RULE}\n[{}]\n", at + 1);
        for of in &one.of {
            let _ = writeln!(file, "    {of}");
        }
        let _ = write!(file, "{RULE}\n\n{}\n", one.text.text.trim_end());
    }
    file
}

/// Whose text it is. A standard text names no one who holds the copyright: its authors stand
/// beside it.
fn origin(one: &Component, text: &Text) -> String {
    let by = match text.file.ends_with(STANDARD) && !one.authors.is_empty() {
        true => format!(", by {}", one.authors.replace(':', ", ")),
        false => String::new(),
    };
    format!("{}: {}{by}", title(one), text.file)
}

fn title(one: &Component) -> String {
    format!("{} {}", one.name, one.version)
        .trim_end()
        .to_owned()
}

fn licence(one: &Component) -> &str {
    match (one.license.as_str(), one.texts.is_empty()) {
        ("", true) => "not stated",
        ("", false) => "as its text says",
        (text, _) => text,
    }
}

/// Texts that differ in nothing but white space are one.
fn key(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::Image;

    fn one(name: &str, license: &str, texts: &[&str]) -> Component {
        let text = |text: &&str| Text {
            file: "LICENSE".to_owned(),
            text: (*text).to_owned(),
        };
        Component {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            license: license.to_owned(),
            texts: texts.iter().map(text).collect(),
            ..Component::default()
        }
    }

    #[test]
    fn a_text_stands_once_and_names_everyone_who_has_it() {
        let mut firmware = Firmware::new(Image::default());
        firmware.components = vec![
            one("a", "MIT", &["the  text\n", "another"]),
            one("b", "MIT OR Zlib", &["the text"]),
            one("c", "", &[]),
        ];
        let file = of(&firmware);
        assert_eq!(
            file.matches("the  text").count() + file.matches("the text\n").count(),
            1
        );
        for wanted in [
            "a 1.0  MIT          1, 2\n",
            "b 1.0  MIT OR Zlib  1\n",
            "c 1.0  not stated   no text\n",
            "[1]\n    a 1.0: LICENSE\n    b 1.0: LICENSE\n",
        ] {
            assert!(file.contains(wanted), "{wanted:?} in {file}");
        }
    }
}
