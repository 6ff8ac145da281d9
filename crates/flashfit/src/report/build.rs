//! A report on an image folder, on the content of a chip, or on one image.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use board::units::Bytes;
use board::{Board, Partition};
use symbolmap::SymbolFiles;

use super::content::{Builder, Sibling};
use super::costed::Costed;
use super::node::{Draft, Kind, Method, Node, UNIT};
use super::{Error, Flash, Report, SCHEMA, packages, removal};
use crate::check;
use crate::images::Images;
use crate::parts::{self, Content};

/// Erase blocks of a chip that nobody described.
const ERASE_BLOCK: usize = 64 << 10;

/// What beside the image is used.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The map, if it is not `board.toml` in the image folder.
    pub board: Option<PathBuf>,
    /// Folders with programs that have their symbols, beside the image folder.
    pub symbols: Vec<PathBuf>,
    /// Buildroot's packages-file-list.txt or Yocto's pkgdata folder, if it is not
    /// `packages-file-list.txt` in the image folder.
    pub packages: Option<PathBuf>,
    /// Files that programs embed, such as a page of a web server.
    pub embedded: Vec<PathBuf>,
    /// How many bytes may be compressed again to see what removing a part saves.
    pub recompress: u64,
    /// Parts to leave out together, to see what that saves: names from the outside in, with ` > `
    /// between them and `*` for any text.
    pub without: Vec<String>,
}

/// A report on the image folder, chip content or image at `path`.
///
/// # Errors
///
/// If something cannot be read, is cut short or contradicts itself.
pub fn build(path: &Path, options: &Options) -> Result<Report, Error> {
    let is_folder = path.is_dir();
    let beside = |name: &str| Some(path.join(name)).filter(|file| is_folder && file.is_file());
    let board = options.board.clone().or_else(|| beside("board.toml"));
    let board = board.map(Board::load).transpose()?;
    let packages = options
        .packages
        .clone()
        .or_else(|| beside("packages-file-list.txt"));
    let mut symbols = options.symbols.clone();
    if is_folder {
        symbols.push(path.to_owned());
    }
    let symbols = SymbolFiles::search(&symbols).map_err(|source| Error::Symbols {
        what: path.display().to_string(),
        symbols: symbols.first().cloned().unwrap_or_default(),
        source: Box::new(source),
    })?;
    let mut builder = Builder {
        symbols,
        siblings: Vec::new(),
        embedded: embedded(&options.embedded)?,
        packages: packages
            .as_deref()
            .map(packages::read)
            .transpose()?
            .unwrap_or_default(),
        streams: Vec::new(),
        warnings: Vec::new(),
    };
    let mut draft = match (&board, is_folder) {
        (Some(board), true) => {
            builder.siblings = siblings(path, board)?;
            chip_of_folder(&mut builder, board, &open(path)?)?
        }
        (Some(board), false) => chip_of_file(&mut builder, board, &read(path)?)?,
        (None, true) => folder_of_images(&mut builder, path)?,
        (None, false) => file(&mut builder, path)?,
    };
    removal::measure(&mut draft, &builder.streams, options.recompress);
    let without = match options.without.as_slice() {
        [] => None,
        some => Some(removal::without(&draft, &builder.streams, some)?),
    };
    let check = match &board {
        Some(board) if is_folder => Some(check::check(board, &open(path)?, None)?),
        _ => None,
    };
    let root = sorted(draft).settle();
    Ok(Report {
        schema: SCHEMA.to_owned(),
        name: board
            .as_ref()
            .map_or_else(|| name_of(path), |board| board.name.clone()),
        flash: board.as_ref().map(|board| Flash {
            size: board.flash.size,
            erase_block: board.flash.erase_block,
        }),
        revision: Images::open(path).ok().and_then(|images| images.revision()),
        check: check.map(|check| check::Report {
            images: Vec::new(),
            ..check
        }),
        unattributed: Bytes(unattributed(&root)),
        root,
        without,
        warnings: builder.warnings,
    })
}

fn open(path: &Path) -> Result<Images, Error> {
    Images::open(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<Arc<[u8]>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(bytes.into())
}

fn name_of(path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Files that a program may embed, by the end of their path.
fn embedded(paths: &[PathBuf]) -> Result<Vec<Sibling>, Error> {
    let sibling = |path: &PathBuf| {
        let name = name_of(path);
        read(path).map(|bytes| Sibling { name, bytes })
    };
    paths.iter().map(sibling).collect()
}

/// The files of the folder that an image may contain; the images that partitions hold are not in
/// others.
fn siblings(folder: &Path, board: &Board) -> Result<Vec<Sibling>, Error> {
    let mut siblings = Vec::new();
    for path in files_of(folder)? {
        let name = name_of(&path);
        let is_image = |partition: &Partition| partition.image.as_deref() == Some(Path::new(&name));
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        if size < board.flash.size.get() && !board.partitions.iter().any(is_image) {
            let bytes = read(&path)?;
            siblings.push(Sibling { name, bytes });
        }
    }
    // The largest first: what it contains in turn is found within it.
    siblings.sort_by(|a, b| b.bytes.len().cmp(&a.bytes.len()).then(a.name.cmp(&b.name)));
    Ok(siblings)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let error = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn chip(board: &Board, partitions: Vec<Draft>) -> Draft {
    let name = board
        .flash
        .chip
        .clone()
        .unwrap_or_else(|| board.name.clone());
    let node = Node::new(name, Kind::Chip, Method::Stored).raw(board.flash.size.get());
    Draft::sum(node, partitions)
}

/// A partition with its content, and what is left of it.
fn partition(partition: &Partition, content: Vec<Draft>) -> Draft {
    let size = partition.size.get() * UNIT;
    let node = Node::new(&partition.name, Kind::Partition, Method::Stored);
    let mut draft = Draft::sum(node.raw(partition.size.get()), content);
    if draft.cost < size {
        let free = Node::new("free", Kind::Free, Method::Stored);
        draft.children.push(Draft::new(free, size - draft.cost));
        draft.cost = size;
    }
    draft
}

fn chip_of_folder(builder: &mut Builder, board: &Board, images: &Images) -> Result<Draft, Error> {
    // The partition that has an image first.
    let mut first: HashMap<&Path, &str> = HashMap::new();
    let mut partitions = Vec::new();
    for part in &board.partitions {
        let mut content = Vec::new();
        if let Some(file) = &part.image {
            let image = images.image(board, file, &part.name, part.line)?;
            let size = image.bytes.get();
            let name = file.to_string_lossy();
            let mut node = Node::new(name, Kind::Image, Method::Stored).raw(size);
            content.push(match first.get(file.as_path()) {
                Some(partition) => {
                    node.same_as = Some(vec![(*partition).to_owned(), node.name.clone()]);
                    Draft::new(node, size * UNIT)
                }
                None => {
                    first.insert(file, &part.name);
                    builder.image(node, &Costed::stored(read(&images.path(file))?))?
                }
            });
        }
        partitions.push(partition(part, content));
    }
    Ok(chip(board, partitions))
}

fn chip_of_file(builder: &mut Builder, board: &Board, bytes: &Arc<[u8]>) -> Result<Draft, Error> {
    let costed = Costed::stored(Arc::clone(bytes));
    let mut first: HashMap<Vec<u8>, String> = HashMap::new();
    let mut partitions = Vec::new();
    for part in &board.partitions {
        let start = (part.offset.get() as usize).min(bytes.len());
        let end = ((part.offset.get() + part.size.get()) as usize).min(bytes.len());
        let used = bytes[start..end]
            .iter()
            .rposition(|byte| *byte != 0xff)
            .map_or(0, |at| at + 1);
        let mut content = Vec::new();
        if used > 0 {
            let slice = costed.slice(start..start + used);
            let mut node = Node::new("content", Kind::Image, Method::Stored).raw(used as u64);
            content.push(match first.get(slice.bytes()) {
                Some(partition) => {
                    node.same_as = Some(vec![partition.clone(), node.name.clone()]);
                    Draft::new(node, slice.whole())
                }
                None => {
                    first.insert(slice.bytes().to_vec(), part.name.clone());
                    builder.image(node, &slice)?
                }
            });
        }
        partitions.push(partition(part, content));
    }
    Ok(chip(board, partitions))
}

/// One file: an image, or the content of a chip of which nobody told the map.
fn file(builder: &mut Builder, path: &Path) -> Result<Draft, Error> {
    let costed = Costed::stored(read(path)?);
    let name = name_of(path);
    let node = Node::new(&name, Kind::Chip, Method::Stored);
    let scanned = parts::scan(costed.bytes(), ERASE_BLOCK);
    let scanned = scanned.map_err(|source| Error::Damaged { what: name, source })?;
    match scanned.as_slice() {
        [_, _, ..] => builder.content(node, &costed, &Content::Parts(scanned), 0),
        _ => builder.image(node, &costed),
    }
}

/// The images of a folder without a map, each by itself. Those that contain others, such as the
/// content of a whole chip or card, count once.
fn folder_of_images(builder: &mut Builder, folder: &Path) -> Result<Draft, Error> {
    let mut images = Vec::new();
    for path in files_of(folder)? {
        let bytes = read(&path)?;
        let known = parts::of(&bytes).is_ok_and(|part| part.content != Content::Plain);
        if known {
            let node = Node::new(name_of(&path), Kind::Image, Method::Stored);
            images.push(builder.image(node, &Costed::stored(bytes))?);
        }
    }
    if images.is_empty() {
        return Err(Error::Nothing(folder.to_owned()));
    }
    Ok(Draft::sum(
        Node::new(name_of(folder), Kind::Chip, Method::Stored),
        images,
    ))
}

/// The parts by cost, the largest first; those of a chip stay in the order of their offsets.
fn sorted(mut draft: Draft) -> Draft {
    draft.children = draft.children.into_iter().map(sorted).collect();
    if !matches!(draft.node.kind, Kind::Chip | Kind::Partition) {
        draft.children.sort_by(|a, b| {
            b.cost
                .cmp(&a.cost)
                .then_with(|| a.node.name.cmp(&b.node.name))
        });
    }
    draft
}

/// What no node takes but a shared one, and what no symbol names.
fn unattributed(node: &Node) -> u64 {
    match node.kind {
        Kind::Shared => node.on_flash.get(),
        Kind::Data if node.name == "without a symbol" => node.on_flash.get(),
        _ => node.children.iter().map(unattributed).sum(),
    }
}
