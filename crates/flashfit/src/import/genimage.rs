//! genimage.cfg, a file of libconfuse: sections with a title, and keys with a value or a list.

use super::lexer::{DEEPEST, Fault, Kind, Language, Reader, Token, UNITS, fault, number};
use super::{Map, Number, Part};

const LANGUAGE: Language = Language {
    word: |c| "_-.+:/@%".contains(c),
    hidden: |rest| rest.starts_with('#'),
};

/// `kind title { … }`
#[derive(Debug)]
struct Section<'a> {
    at: usize,
    kind: &'a str,
    title: &'a str,
    values: Vec<(&'a str, Token<'a>)>,
    sections: Vec<Section<'a>>,
}

impl<'a> Section<'a> {
    fn value(&self, key: &str) -> Option<Token<'a>> {
        let found = self.values.iter().rev().find(|(name, _)| *name == key);
        found.map(|(_, value)| *value)
    }

    fn size(&self, key: &str) -> Result<Option<Number>, Fault> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match number(value.text, &UNITS) {
            Some(number) => Ok(Some(number)),
            None => {
                let message = format!(
                    "`{}` is not a size: write a number for {key}, as in 512K or 0x80000",
                    value.text
                );
                fault(value.at, message)
            }
        }
    }
}

/// Reads the configuration.
pub(super) fn read(text: &str, chip: Option<&str>) -> Result<Map, Fault> {
    let mut reader = Reader::new(text, LANGUAGE)?;
    let file = section(
        &mut reader,
        Section {
            at: 0,
            kind: "",
            title: "",
            values: Vec::new(),
            sections: Vec::new(),
        },
        0,
    )?;
    let flashes = |section: &&Section| {
        section.kind == "image" && section.sections.iter().any(|s| s.kind == "flash")
    };
    let mut images = file
        .sections
        .iter()
        .filter(flashes)
        .filter(|image| chip.is_none_or(|chip| chip == image.title));
    let Some(image) = images.next() else {
        let name = chip.map(|chip| format!(" {chip}")).unwrap_or_default();
        return fault(
            0,
            format!(
                "no `image{name}` with a section `flash`, genimage's type for the content of a \
                 chip"
            ),
        );
    };
    if let Some(second) = images.next() {
        let message = format!(
            "a second image of a chip, {}: select one with --chip",
            second.title
        );
        return fault(second.at, message);
    }
    let mut map = Map::default();
    if let Some(name) = image.value("flashtype") {
        let mut flashes = file
            .sections
            .iter()
            .filter(|s| s.kind == "flash" && s.title == name.text);
        let Some(flash) = flashes.next() else {
            return fault(
                name.at,
                format!("no section `flash {}` in this file", name.text),
            );
        };
        let (block, count) = (flash.size("pebsize")?, flash.size("numpebs")?);
        map.erase_block = block.map(|block| block.value);
        map.size = block
            .zip(count)
            .and_then(|(block, count)| block.value.checked_mul(count.value));
    }
    for partition in image.sections.iter().filter(|s| s.kind == "partition") {
        let Some(size) = partition.size("size")? else {
            let message = format!(
                "partition {} has no `size`, but a flash map needs a fixed size for each \
                 partition: add it",
                partition.title
            );
            return fault(partition.at, message);
        };
        let behind = map
            .parts
            .last()
            .map_or(0, |part| part.offset.value.saturating_add(part.size.value));
        let behind = Number {
            value: behind,
            hexadecimal: size.hexadecimal,
        };
        map.parts.push(Part {
            name: partition.title.to_owned(),
            offset: partition.size("offset")?.unwrap_or(behind),
            size,
            read_only: false,
            image: partition.value("image").map(|image| image.text.to_owned()),
        });
    }
    if map.parts.is_empty() {
        return fault(
            image.at,
            format!("image {} has no `partition`", image.title),
        );
    }
    Ok(map)
}

/// What stands in a section up to its `}`, or in the file up to its end.
fn section<'a>(
    reader: &mut Reader<'a>,
    mut out: Section<'a>,
    depth: usize,
) -> Result<Section<'a>, Fault> {
    if depth > DEEPEST {
        return fault(
            out.at,
            format!("sections are nested more than {DEEPEST} levels deep"),
        );
    }
    loop {
        let key = reader.next();
        match key.kind {
            Kind::End if depth == 0 => return Ok(out),
            Kind::End => return fault(out.at, format!("`{}` has no closing `}}`", out.kind)),
            Kind::Sign if key.text == "}" && depth > 0 => return Ok(out),
            Kind::Word => {}
            _ => {
                return fault(
                    key.at,
                    format!(
                        "expected the name of a key or a section, found `{}`",
                        key.text
                    ),
                );
            }
        }
        if reader.skip("{") {
            let inner = Section {
                at: key.at,
                kind: key.text,
                title: "",
                values: Vec::new(),
                sections: Vec::new(),
            };
            out.sections.push(section(reader, inner, depth + 1)?);
        } else if reader.skip("(") {
            // include("file") and the like.
            return fault(
                key.at,
                format!(
                    "`{}(…)` is not supported: insert the text of that file here",
                    key.text
                ),
            );
        } else if reader.is("=") || (reader.is("+") && reader.peek(1).text == "=") {
            reader.skip("+");
            reader.expect("=", key.text)?;
            value(reader, key, &mut out)?;
        } else {
            let title = reader.next();
            if !matches!(title.kind, Kind::Word | Kind::Text) {
                return fault(
                    title.at,
                    format!(
                        "expected `=` or `{{` after `{}`, found `{}`",
                        key.text, title.text
                    ),
                );
            }
            // A `+=` without a space between.
            if title.kind == Kind::Word && title.text == "+" && reader.skip("=") {
                value(reader, key, &mut out)?;
                continue;
            }
            reader.expect("{", &format!("`{} {}`", key.text, title.text))?;
            let inner = Section {
                at: key.at,
                kind: key.text,
                title: title.text,
                values: Vec::new(),
                sections: Vec::new(),
            };
            out.sections.push(section(reader, inner, depth + 1)?);
        }
    }
}

/// A value, or a list of which nothing here is needed.
fn value<'a>(reader: &mut Reader<'a>, key: Token<'a>, out: &mut Section<'a>) -> Result<(), Fault> {
    if !reader.skip("{") {
        let value = reader.next();
        if !matches!(value.kind, Kind::Word | Kind::Text) {
            return fault(
                value.at,
                format!(
                    "expected a value for `{}`, found `{}`",
                    key.text, value.text
                ),
            );
        }
        out.values.push((key.text, value));
        return Ok(());
    }
    while !reader.skip("}") {
        let value = reader.next();
        if !matches!(value.kind, Kind::Word | Kind::Text) {
            return fault(
                value.at,
                format!(
                    "expected a value or `}}` in the list of `{}`, found `{}`",
                    key.text, value.text
                ),
            );
        }
        if !reader.is("}") {
            reader.expect(",", "a value of a list")?;
        }
    }
    Ok(())
}
