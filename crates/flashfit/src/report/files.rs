//! The files of a file system, and what each takes of its blocks.

use std::collections::HashMap;

use super::Error;
use super::content::{Builder, LIMIT};
use super::costed::Costed;
use super::node::{Draft, Kind, Method, Node, fingerprint};
use crate::parts::{self, Block, Files, Span};

/// The files of a file system by package, or by folder if no package is known; its tables; its
/// padding.
pub(super) fn drafts(
    builder: &mut Builder,
    costed: &Costed,
    files: &Files,
) -> Result<Vec<Draft>, Error> {
    let blocks = blocks(builder, costed, files)?;
    let mut seen: HashMap<&[Span], &str> = HashMap::new();
    let mut drafts = Vec::new();
    for file in &files.files {
        let mut node = Node::new(&file.path, Kind::File, Method::Stored).raw(file.size);
        node.package = builder.packages.get(&file.path).cloned();
        if let Some(first) = seen.get(file.spans.as_slice()) {
            node.note = Some(format!("same data as {first}"));
            drafts.push((file.path.as_str(), Draft::new(node, 0)));
            continue;
        }
        if !file.spans.is_empty() {
            seen.insert(&file.spans, &file.path);
        }
        let piece = |span: &Span| {
            let block = blocks.get(span.block)?;
            let end = span.offset.checked_add(span.length)?;
            let inside = end <= block.len() && span.at + span.length as u64 <= file.size;
            inside.then(|| (span.at as usize, block.slice(span.offset..end)))
        };
        let pieces: Option<Vec<(usize, Costed)>> = file.spans.iter().map(piece).collect();
        let pieces = pieces.ok_or_else(|| Error::Outside(file.path.clone()))?;
        let data = Costed::joined(file.size as usize, &pieces);
        node.method = data.method();
        let draft = builder
            .file(node, &data)
            .map_err(|error| error.within(&file.path))?;
        drafts.push((file.path.as_str(), draft));
    }
    let mut children = match builder.packages.is_empty() {
        true => by_folder(drafts),
        false => by_package(drafts),
    };
    let stored: u64 = files
        .blocks
        .iter()
        .map(|block| costed.cost(block.range.clone()))
        .sum();
    let padding = costed.len() - (files.padding as usize).min(costed.len())..costed.len();
    let padding = costed.cost(padding);
    let tables = costed.whole().saturating_sub(stored + padding);
    for (name, kind, cost) in [
        ("tables", Kind::Table, tables),
        ("padding", Kind::Padding, padding),
    ] {
        if cost > 0 {
            children.push(Draft::new(Node::new(name, kind, Method::Stored), cost));
        }
    }
    Ok(children)
}

/// What the blocks unpack to, on all processors.
fn blocks(builder: &mut Builder, costed: &Costed, files: &Files) -> Result<Vec<Costed>, Error> {
    let unpack = |block: &Block| {
        let part = &costed.bytes()[block.range.clone()];
        let codec = block.codec;
        codec
            .map(|codec| bitcost::unpack(codec, part, block.limit))
            .transpose()
    };
    let unpacked = super::parallel(&files.blocks, unpack);
    let spans = files.files.iter().flat_map(|file| &file.spans);
    let mut lengths = vec![0; files.blocks.len()];
    for span in spans {
        if let Some(length) = lengths.get_mut(span.block) {
            *length = span
                .offset
                .saturating_add(span.length)
                .min(LIMIT)
                .max(*length);
        }
    }
    let mut all = Vec::with_capacity(files.blocks.len());
    for ((block, unpacked), length) in files.blocks.iter().zip(unpacked).zip(lengths) {
        let part = costed.slice(block.range.clone());
        all.push(match (unpacked?, block.codec) {
            (Some(unpacked), Some(codec)) => {
                let stream = builder.stream(codec, &part, unpacked.consumed, &unpacked.raw);
                Costed::unpacked(unpacked, part.whole(), stream)
            }
            _ if block.closed => Costed::unknown(length, part.whole()),
            _ => part,
        });
    }
    Ok(all)
}

impl Builder {
    /// A file of a file system: a program is taken apart, and so is a kernel.
    fn file(&mut self, node: Node, data: &Costed) -> Result<Draft, Error> {
        let bytes = data.bytes();
        let known = bytes.starts_with(b"\x7fELF")
            || parts::of(bytes).is_ok_and(|part| part.content != parts::Content::Plain);
        match known {
            true => self.image(node, data),
            false => {
                let mut node = node;
                node.hash = Some(fingerprint([bytes]));
                Ok(Draft::at(node, data.whole(), data.places(0..data.len())))
            }
        }
    }
}

fn by_package(files: Vec<(&str, Draft)>) -> Vec<Draft> {
    let mut packages: Vec<(String, Vec<Draft>)> = Vec::new();
    for (_, file) in files {
        let package = file.node.package.clone();
        let package = package.unwrap_or_else(|| "no package".to_owned());
        match packages.iter_mut().find(|(name, _)| *name == package) {
            Some((_, files)) => files.push(file),
            None => packages.push((package, vec![file])),
        }
    }
    packages
        .into_iter()
        .map(|(name, files)| group(Node::new(name, Kind::Package, Method::Stored), files))
        .collect()
}

fn by_folder(files: Vec<(&str, Draft)>) -> Vec<Draft> {
    let files = files
        .into_iter()
        .map(|(path, file)| (path.trim_start_matches('/'), file));
    let (mut folders, mut here): (Vec<(&str, Vec<_>)>, Vec<Draft>) = (Vec::new(), Vec::new());
    for (path, mut file) in files {
        match path.split_once('/') {
            None => {
                path.clone_into(&mut file.node.name);
                here.push(file);
            }
            Some((folder, rest)) => match folders.iter_mut().find(|(name, _)| *name == folder) {
                Some((_, files)) => files.push((rest, file)),
                None => folders.push((folder, vec![(rest, file)])),
            },
        }
    }
    here.extend(folders.into_iter().map(|(name, files)| {
        group(
            Node::new(name, Kind::Folder, Method::Stored),
            by_folder(files),
        )
    }));
    here
}

fn group(mut node: Node, children: Vec<Draft>) -> Draft {
    let raw = children
        .iter()
        .filter_map(|child| child.node.raw)
        .map(|raw| raw.get());
    node = node.raw(raw.sum());
    let method = |child: &Draft| child.node.method != Method::Stored;
    if let Some(child) = children.iter().find(|child| method(child)) {
        node.method = child.node.method;
    }
    Draft::sum(node, children)
}
