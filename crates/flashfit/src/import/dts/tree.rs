//! Device tree source as a tree of nodes (Devicetree Specification 6).
//!
//! Includes and macros are the C preprocessor's: lines that are for it are passed over.

use crate::import::lexer::{DEEPEST, Fault, Kind, Language, Reader, Token, fault};

const LANGUAGE: Language = Language {
    word: |c| ",._+?#-@".contains(c),
    hidden: |rest| {
        const FOR_CPP: [&str; 11] = [
            "include", "define", "undef", "ifdef", "ifndef", "if", "elif", "else", "endif",
            "error", "line",
        ];
        rest.strip_prefix('#').is_some_and(|rest| {
            let word = rest.trim_start_matches([' ', '\t']);
            let word = &word[..word
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                .unwrap_or(word.len())];
            FOR_CPP.contains(&word)
        })
    },
};

/// A node; `name` has its unit address.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) at: usize,
    /// Its path, where every node around it is known.
    pub(super) path: Option<String>,
    pub(super) labels: Vec<&'a str>,
    pub(super) name: &'a str,
    pub(super) properties: Vec<(Token<'a>, Vec<Token<'a>>)>,
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&(Token<'a>, Vec<Token<'a>>)> {
        self.properties
            .iter()
            .rev()
            .find(|(key, _)| key.text == name)
    }
}

/// The nodes of a source, in its order.
pub(super) fn read(text: &str) -> Result<Vec<Node<'_>>, Fault> {
    let mut reader = Reader::new(text, LANGUAGE)?;
    let mut top = Vec::new();
    while reader.peek(0).kind != Kind::End {
        top_level(&mut reader, &mut top)?;
    }
    Ok(top)
}

/// `/ { … };`, `&label { … };`, `&{/path} { … };`, a directive, or a node alone as in a file that
/// is included.
fn top_level<'a>(reader: &mut Reader<'a>, out: &mut Vec<Node<'a>>) -> Result<(), Fault> {
    let labels = labels(reader);
    let first = reader.next();
    let (name, path, labels) = match (first.kind, first.text) {
        (Kind::Sign, "/") if reader.is("{") => ("/", Some(String::new()), labels),
        (Kind::Sign, "/") => return directive(reader, first.at),
        (Kind::Sign, "&") if reader.skip("{") => ("", Some(path(reader, first.at)?), labels),
        (Kind::Sign, "&") => {
            let label = reader.next();
            if label.kind != Kind::Word {
                return fault(label.at, "expected a label after `&`");
            }
            ("", None, vec![label.text])
        }
        (Kind::Word, name) => (name, None, labels),
        (_, found) => {
            return fault(
                first.at,
                format!("expected a node, as in `/ {{`, found `{found}`"),
            );
        }
    };
    reader.expect("{", "a node's name")?;
    let node = Node {
        at: first.at,
        path,
        labels,
        name,
        properties: Vec::new(),
        nodes: Vec::new(),
    };
    out.push(body(reader, node, 0)?);
    Ok(())
}

fn labels<'a>(reader: &mut Reader<'a>) -> Vec<&'a str> {
    let mut labels = Vec::new();
    while reader.peek(0).kind == Kind::Word
        && reader.peek(1).text == ":"
        && reader.peek(1).kind == Kind::Sign
    {
        labels.push(reader.next().text);
        reader.next();
    }
    labels
}

/// What stands in a node up to its `};`.
fn body<'a>(reader: &mut Reader<'a>, mut node: Node<'a>, depth: usize) -> Result<Node<'a>, Fault> {
    if depth > DEEPEST {
        return fault(
            node.at,
            format!("nodes are nested more than {DEEPEST} levels deep"),
        );
    }
    while !reader.skip("}") {
        let labels = labels(reader);
        let key = reader.next();
        match key.kind {
            Kind::Sign if key.text == "/" => directive(reader, key.at)?,
            Kind::Word if reader.skip("{") => {
                let path = node
                    .path
                    .as_ref()
                    .map(|path| format!("{path}/{}", key.text));
                let inner = Node {
                    at: key.at,
                    path,
                    labels,
                    name: key.text,
                    properties: Vec::new(),
                    nodes: Vec::new(),
                };
                node.nodes.push(body(reader, inner, depth + 1)?);
            }
            Kind::Word => {
                let values = match reader.skip("=") {
                    true => values(reader, key)?,
                    false => {
                        reader.expect(";", &format!("`{}`", key.text))?;
                        Vec::new()
                    }
                };
                node.properties.push((key, values));
            }
            Kind::End => return fault(node.at, "a node has no closing `}`"),
            _ => {
                return fault(
                    key.at,
                    format!("expected a property or a node, found `{}`", key.text),
                );
            }
        }
    }
    reader.expect(";", "a node's `}`")?;
    Ok(node)
}

/// The words of a property's value, up to its `;`.
fn values<'a>(reader: &mut Reader<'a>, key: Token<'a>) -> Result<Vec<Token<'a>>, Fault> {
    let mut values = Vec::new();
    loop {
        let token = reader.next();
        match (token.kind, token.text) {
            (Kind::Sign, ";") => return Ok(values),
            (Kind::Sign, "&") if reader.skip("{") => drop(path(reader, token.at)?),
            (Kind::End, _) | (Kind::Sign, "{" | "}") => {
                return fault(
                    key.at,
                    format!("the value of `{}` has no `;` at its end", key.text),
                );
            }
            _ => values.push(token),
        }
    }
}

/// `/dts-v1/;`, `/delete-node/ name;` and the like: nothing of a map.
fn directive(reader: &mut Reader, at: usize) -> Result<(), Fault> {
    if reader.peek(0).text == "include" && reader.peek(2).kind == Kind::Text {
        // `/include/ "file"` ends without a sign.
        for _ in 0..3 {
            reader.next();
        }
        return Ok(());
    }
    loop {
        let token = reader.next();
        match (token.kind, token.text) {
            (Kind::Sign, ";") => return Ok(()),
            (Kind::End, _) => return fault(at, "a directive has no `;` at its end"),
            _ => {}
        }
    }
}

/// The path of a reference, up to its `}`.
fn path(reader: &mut Reader, at: usize) -> Result<String, Fault> {
    let mut path = String::new();
    while !reader.skip("}") {
        let piece = reader.next();
        if matches!(piece.kind, Kind::End | Kind::Text) {
            return fault(at, "a path has no closing `}`");
        }
        path += piece.text;
    }
    Ok(path)
}
