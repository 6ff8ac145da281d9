//! Golden documents: the keys of a JSON document that others read, their types and their order.

use std::fmt::{self, Write as _};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The environment variable that makes the tests write their golden documents anew.
const RENEW: &str = "RENEW_GOLDEN";

/// Compares the shape of `document` with the golden file `file`; what varies in a document is no
/// part of its shape.
#[track_caller]
pub fn assert_golden(file: &Path, document: &str) {
    let shape: Shape = serde_json::from_str(document).expect("valid JSON");
    let mut found = String::new();
    shape.write(&mut found, "\n").expect("memory");
    found.push('\n');
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(file, &found).expect("the golden file");
    }
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == golden,
        "{} has another shape than the document now. Programs of others read it, and CHANGELOG.md \
         promises them semantic versions: a new key at the end of an object is a minor version, \
         anything else a major one. If it is meant, say so in CHANGELOG.md and run the test again \
         with {RENEW}=1.\n--- golden\n{golden}\n--- found\n{found}",
        file.display()
    );
}

/// What of a document its readers rely on.
#[derive(PartialEq)]
enum Shape {
    Leaf(&'static str),
    /// The shapes that occur, each once.
    List(Vec<Shape>),
    /// Keys in their order.
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// Writes it as JSON; `line` is a line's end and the indentation of the next.
    fn write(&self, out: &mut String, line: &str) -> fmt::Result {
        let inner = format!("{line}  ");
        let mut first = true;
        let mut begin = |out: &mut String| {
            let comma = if first { "" } else { "," };
            first = false;
            write!(out, "{comma}{inner}")
        };
        match self {
            Self::Leaf(name) => write!(out, "\"{name}\""),
            Self::List(shapes) if shapes.is_empty() => out.write_str("[]"),
            Self::List(shapes) => {
                out.push('[');
                for shape in shapes {
                    begin(out)?;
                    shape.write(out, &inner)?;
                }
                write!(out, "{line}]")
            }
            Self::Object(keys) => {
                out.push('{');
                for (key, shape) in keys {
                    begin(out)?;
                    write!(out, "\"{key}\": ")?;
                    shape.write(out, &inner)?;
                }
                write!(out, "{line}}}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Leaf("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Leaf("boolean"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Leaf("integer"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Leaf("integer"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Leaf("number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Leaf("string"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut shapes = Vec::new();
        while let Some(shape) = list.next_element()? {
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        Ok(Shape::List(shapes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Shape, A::Error> {
        let mut keys = Vec::new();
        while let Some(entry) = object.next_entry()? {
            keys.push(entry);
        }
        Ok(Shape::Object(keys))
    }
}
