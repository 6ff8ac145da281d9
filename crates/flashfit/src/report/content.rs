//! From the parts of an image to the nodes of the tree.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bitcost::Codec;
use symbolmap::{SymbolFiles, Twin};

use super::Error;
use super::costed::Costed;
use super::files;
use super::node::{Draft, Kind, Method, Node};
use super::program;
use crate::parts::{self, Content, Part};

/// What a compressed part may unpack to at most.
pub(super) const LIMIT: usize = 64 << 20;
/// Parts within parts: a kernel in a FIT in a uImage in an initramfs is far below.
const DEPTH: usize = 12;
/// Smaller files of the image folder are not looked for in others.
const SMALLEST: usize = 1024;

/// A compressed stream that the flash holds as it is, so that it can be compressed again without
/// some of its content.
pub(super) struct Stream {
    pub(super) codec: Codec,
    pub(super) packed: Arc<[u8]>,
    pub(super) raw: Arc<[u8]>,
}

/// A file of the image folder that another may contain.
pub(super) struct Sibling {
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
}

/// What is known beside the image, and what is learned while it is taken apart.
pub(super) struct Builder {
    pub(super) symbols: SymbolFiles,
    pub(super) siblings: Vec<Sibling>,
    /// Files that programs may embed.
    pub(super) embedded: Vec<Sibling>,
    /// The package of each file, by its path from `/`.
    pub(super) packages: HashMap<String, String>,
    pub(super) streams: Vec<Stream>,
    pub(super) warnings: Vec<String>,
}

impl Builder {
    /// The parts of an image.
    pub(super) fn image(&mut self, node: Node, costed: &Costed) -> Result<Draft, Error> {
        let name = node.name.clone();
        let part = parts::of(costed.bytes()).map_err(|source| Error::Damaged {
            what: name.clone(),
            source,
        })?;
        self.content(node, costed, &part.content, 0)
            .map_err(|error| error.within(&name))
    }

    /// A node with the parts of its content.
    pub(super) fn content(
        &mut self,
        node: Node,
        costed: &Costed,
        content: &Content,
        depth: usize,
    ) -> Result<Draft, Error> {
        let node = node.raw(costed.len() as u64);
        let leaf = |node| Draft::at(node, costed.whole(), costed.places(0..costed.len()));
        if depth > DEPTH {
            return Ok(leaf(node));
        }
        match content {
            Content::Erased => {
                let mut node = node;
                (node.kind, node.raw) = (Kind::Free, None);
                Ok(leaf(node))
            }
            Content::Plain => self.plain(node, costed),
            Content::Parts(parts) => self.parts(node, costed, parts, depth),
            Content::Packed(codec) => self.packed(node, costed, *codec, depth),
            Content::Files(files) => {
                let children = files::drafts(self, costed, files)?;
                Ok(whole(node, costed, children))
            }
        }
    }

    fn parts(
        &mut self,
        node: Node,
        costed: &Costed,
        parts: &[Part],
        depth: usize,
    ) -> Result<Draft, Error> {
        let mut children = Vec::new();
        let (mut end, mut headers) = (0, Vec::new());
        for part in parts {
            headers.push(end..part.range.start);
            end = part.range.end;
            let mut child = Node::new(&part.name, part.kind, costed.method());
            child.note.clone_from(&part.note);
            let slice = costed.slice(part.range.clone());
            let child = self.content(child, &slice, &part.content, depth + 1);
            children.push(child.map_err(|error| error.within(&part.name))?);
        }
        headers.push(end..costed.len());
        children.extend(gaps(costed, &headers));
        Ok(whole(node, costed, children))
    }

    fn packed(
        &mut self,
        mut node: Node,
        costed: &Costed,
        codec: Codec,
        depth: usize,
    ) -> Result<Draft, Error> {
        let unpacked = bitcost::unpack(codec, costed.bytes(), LIMIT)?;
        let consumed = unpacked.consumed;
        let stream = self.stream(codec, costed, consumed, &unpacked.raw);
        let inner = Costed::unpacked(unpacked, costed.cost(0..consumed), stream);
        let content = parts::of(inner.bytes()).map(|part| part.content);
        // A kernel may well begin like something that it is not.
        let content = content.unwrap_or(Content::Plain);
        node.note = Some(match &node.note {
            Some(note) => format!("{note}; {codec}"),
            None => codec.to_string(),
        });
        node.kind = match node.kind {
            Kind::Part => Kind::Packed,
            kind => kind,
        };
        node.method = inner.method();
        let mut draft = self.content(node, &inner, &content, depth + 1)?;
        // What follows the stream within the part.
        let rest = consumed..costed.len();
        draft.cost += costed.cost(rest.clone());
        if !draft.children.is_empty() {
            draft.children.extend(gaps(costed, &[rest]));
        }
        Ok(draft)
    }

    /// Remembers a stream, if the flash holds it as it is.
    pub(super) fn stream(
        &mut self,
        codec: Codec,
        costed: &Costed,
        consumed: usize,
        raw: &[u8],
    ) -> Option<usize> {
        (costed.method() == Method::Stored).then(|| {
            self.streams.push(Stream {
                codec,
                packed: costed.bytes()[..consumed].into(),
                raw: raw.into(),
            });
            self.streams.len() - 1
        })
    }

    /// Bytes without a header that says what they are: a program, a raw image of one, or a file
    /// that the image folder has beside this one.
    pub(super) fn plain(&mut self, node: Node, costed: &Costed) -> Result<Draft, Error> {
        let bytes = costed.bytes();
        let inside = |sibling: &&Sibling| {
            let length = sibling.bytes.len();
            sibling.name != node.name && length >= SMALLEST && length < bytes.len()
        };
        let siblings: Vec<&Sibling> = self.siblings.iter().filter(inside).collect();
        let found = program::places(bytes, &siblings);
        if found.is_empty() {
            return Ok(match self.pieces(&node.name, bytes)? {
                Some(pieces) => whole(node, costed, program::parts(costed, &pieces)),
                None => Draft::at(node, costed.whole(), costed.places(0..bytes.len())),
            });
        }
        let found: Vec<(String, Range<usize>)> = found
            .into_iter()
            .map(|(name, range)| (name.to_owned(), range))
            .collect();
        let mut children = Vec::new();
        let (mut end, mut between) = (0, Vec::new());
        for (name, range) in found {
            between.push(end..range.start);
            end = range.end;
            let slice = costed.slice(range);
            children.push(self.image(Node::new(name, Kind::Part, costed.method()), &slice)?);
        }
        between.push(end..bytes.len());
        children.extend(gaps(costed, &between));
        Ok(whole(node, costed, children))
    }

    /// The pieces of a program or of a raw image of one, if its symbols are at hand.
    fn pieces(&mut self, name: &str, bytes: &[u8]) -> Result<Option<Vec<symbolmap::Piece>>, Error> {
        let is_elf = bytes.starts_with(b"\x7fELF");
        let twin = match is_elf {
            true => self.symbols.twin_of(name, bytes),
            false => self.symbols.source_of_raw(name, bytes),
        };
        let Some(Twin { symbols, map }) = twin else {
            if !is_elf {
                return Ok(None);
            }
            let pieces = symbolmap::pieces_of_elf(bytes, None, None).ok();
            let pieces = pieces.map(|pieces| program::with_files(pieces, bytes, &self.embedded));
            let nameless = |piece: &symbolmap::Piece| piece.owner == symbolmap::Owner::Unknown;
            if pieces.iter().flatten().any(nameless) {
                self.warnings.push(format!(
                    "{name} has no symbols, and no folder of --symbols has a copy of it with them"
                ));
            }
            return Ok(pieces);
        };
        let read = |path: &Path| {
            fs::read(path).map_err(|source| Error::Read {
                path: path.to_owned(),
                source,
            })
        };
        let elf = read(&symbols)?;
        let map = map.as_deref().map(read).transpose()?;
        let map = map.as_deref().map(String::from_utf8_lossy);
        let pieces = match is_elf {
            true => symbolmap::pieces_of_elf(bytes, Some(&elf), map.as_deref()),
            false => symbolmap::pieces_of_raw(bytes, &elf, map.as_deref()),
        };
        let pieces = pieces.map(|pieces| program::with_files(pieces, bytes, &self.embedded));
        pieces.map(Some).map_err(|source| Error::Symbols {
            what: name.to_owned(),
            symbols,
            source: Box::new(source),
        })
    }
}

/// A node with its parts; what they leave of its cost is shared among them.
fn whole(node: Node, costed: &Costed, children: Vec<Draft>) -> Draft {
    let mut draft = Draft::sum(node, children);
    draft.cost = draft.cost.max(costed.whole());
    draft
}

/// The bytes between parts: padding if they are all alike, else headers.
pub(super) fn gaps(costed: &Costed, ranges: &[Range<usize>]) -> Vec<Draft> {
    let mut kinds: BTreeMap<(&str, Kind), (u64, u64)> = BTreeMap::new();
    for range in ranges.iter().filter(|range| !range.is_empty()) {
        let bytes = &costed.bytes()[range.clone()];
        let padding = bytes.iter().all(|byte| *byte == bytes[0]);
        let kind = if padding {
            ("padding", Kind::Padding)
        } else {
            ("headers", Kind::Table)
        };
        let (cost, raw) = kinds.entry(kind).or_default();
        *cost += costed.cost(range.clone());
        *raw += range.len() as u64;
    }
    let draft = |((name, kind), (cost, raw))| {
        Draft::new(Node::new(name, kind, costed.method()).raw(raw), cost)
    };
    kinds.into_iter().map(draft).collect()
}
