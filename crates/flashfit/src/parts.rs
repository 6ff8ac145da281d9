//! What an image consists of, by its headers: partitions of a chip, images of a FIT, the
//! compressed kernel within a zImage, the files of a file system.
//!
//! Nothing is unpacked here beyond a file system's tables. A [`Part`] says which bytes it is, and
//! how to unpack them.

mod cpio;
mod crc;
mod damage;
mod elf;
mod environment;
mod erofs;
pub(crate) mod field;
mod files;
mod fit;
mod jffs2;
mod kernel;
mod scan;
pub(crate) mod squashfs;
mod stream;
mod trx;
mod ubi;
mod uimage;

use std::ops::Range;

use bitcost::Codec;

use crate::report::Kind;
pub use damage::Damage;

/// A part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name: of a FIT's image `kernel-1`, else what it is, `xz-compressed kernel`.
    pub name: String,
    /// Its kind in the report.
    pub kind: Kind,
    /// Its bytes, within the part that holds it.
    pub range: Range<usize>,
    /// What else its header says: a version, a load address, a compressor.
    pub note: Option<String>,
    /// What it holds.
    pub content: Content,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes of which nothing more is known.
    Plain,
    /// Erased flash, 0xff.
    Erased,
    /// Further parts, by offset and without overlap. The bytes between them are headers.
    Parts(Vec<Part>),
    /// One compressed stream. What it unpacks to is looked at in turn.
    Packed(Codec),
    /// A file system.
    Files(Files),
}

/// The files of a file system, and the blocks that their data lie in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// The blocks of data; what they leave of the part is tables and padding.
    pub blocks: Vec<Block>,
    /// The regular files.
    pub files: Vec<File>,
    /// What is no regular file.
    pub others: Vec<Other>,
    /// The bytes behind the end of the file system, of the part.
    pub padding: u64,
}

/// A block of a file system, compressed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its bytes, within the part.
    pub range: Range<usize>,
    /// Its compressor; none if it is stored as it is.
    pub codec: Option<Codec>,
    /// The size that it may unpack to at most.
    pub limit: usize,
    /// Whether it is compressed in a way that is not read: its bytes can only be divided in
    /// proportion to the spans in it. It has no codec then.
    pub closed: bool,
}

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from `/`.
    pub path: String,
    /// Its size.
    pub size: u64,
    /// Where its data lie, in the file's order; holes have none. Files with the same data, such
    /// as hard links, have the same spans.
    pub spans: Vec<Span>,
}

/// A piece of a file's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Its offset in the file.
    pub at: u64,
    /// The index of its block.
    pub block: usize,
    /// Its offset in the unpacked block.
    pub offset: usize,
    /// Its length.
    pub length: usize,
}

/// A folder, a symlink or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Its path from `/`.
    pub path: String,
    /// What it is.
    pub kind: OtherKind,
}

/// What an entry of a file system is that is no regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherKind {
    /// A folder.
    Folder,
    /// A symlink, and its target.
    Symlink(String),
    /// A device, pipe or socket.
    Special,
}

/// Images within images are looked into so far.
const DEPTH: usize = 8;

/// An image at the start of some bytes, which may go on behind it.
struct Found {
    part: Part,
    /// Its length; none if its header does not tell.
    length: Option<usize>,
}

/// What a format finds: nothing of its own, or an image, which may be damaged.
type Finding = Option<Result<Found, Damage>>;

impl Part {
    /// A part of `length` bytes of which nothing more is known.
    fn plain(name: &str, kind: Kind, length: usize) -> Part {
        Part {
            name: name.to_owned(),
            kind,
            range: 0..length,
            note: None,
            content: Content::Plain,
        }
    }
}

/// What one image is by its headers; [`Content::Plain`] if they say nothing. Its range is all of
/// `bytes`.
///
/// # Errors
///
/// If it is of a known format, and cut short or damaged.
pub fn of(bytes: &[u8]) -> Result<Part, Damage> {
    of_within(bytes, 0)
}

/// What a whole chip without a known map consists of: file systems, images and boot loader
/// environments by their headers, erased ranges, and unknown data between them. The parts are in
/// order and leave no gap; those of the same kind are numbered.
///
/// # Errors
///
/// If an image in it is cut short or damaged.
pub fn scan(bytes: &[u8], erase_block: usize) -> Result<Vec<Part>, Damage> {
    let search = scan::Search {
        erase_block: erase_block.max(1),
        erased: true,
        depth: 1,
    };
    scan::all(bytes, search)
}

fn of_within(bytes: &[u8], depth: usize) -> Result<Part, Damage> {
    let whole = Part::plain("data", Kind::Data, bytes.len());
    if depth >= DEPTH || bytes.is_empty() {
        return Ok(whole);
    }
    if bytes.iter().all(|byte| *byte == 0xff) {
        return Ok(Part {
            content: Content::Erased,
            ..Part::plain("erased", Kind::Free, bytes.len())
        });
    }
    let search = scan::Search {
        // Everything is looked for at the start alone.
        erase_block: usize::MAX,
        erased: false,
        depth: depth + 1,
    };
    let mut parts = scan::all(bytes, search)?;
    if parts.len() == 2 && parts[1].kind == Kind::Padding {
        let behind = parts[1].range.len() as u64;
        if let Content::Files(files) = &mut parts[0].content {
            files.padding += behind;
            parts[0].range.end = bytes.len();
            parts.truncate(1);
        }
    }
    match parts.len() {
        1 if matches!(parts[0].content, Content::Plain) && parts[0].kind == Kind::Data => {
            Ok(Part {
                // Unknown data has no other name here.
                name: parts.remove(0).name.replace("unknown data", "data"),
                ..whole
            })
        }
        1 => Ok(parts.remove(0)),
        _ => Ok(Part {
            content: Content::Parts(parts),
            ..Part::plain("image", Kind::Part, bytes.len())
        }),
    }
}

/// A part that a header of the image around it names: compressed as the header says, else what it
/// is by its own headers.
fn named(
    name: String,
    bytes: &[u8],
    range: Range<usize>,
    note: Option<String>,
    codec: Option<Codec>,
    depth: usize,
) -> Result<Part, Damage> {
    let inner = match codec {
        Some(codec) => stream::packed("data", codec, 0..range.len()),
        None => {
            of_within(&bytes[range.clone()], depth).map_err(|damage| damage.within(range.start))?
        }
    };
    // What it is, in one line: the outer header's word, and its own.
    let own = Some(inner.name).filter(|own| own != "data" && *own != name);
    let notes = [note, own, inner.note];
    let note = notes.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Ok(Part {
        name,
        range,
        note: Some(note).filter(|note| !note.is_empty()),
        ..inner
    })
}
