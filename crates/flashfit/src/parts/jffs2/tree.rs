//! The files of a JFFS2, from the latest versions of its nodes.

use std::collections::{BTreeMap, HashMap, HashSet};

use bitcost::Codec;

use super::node::{Data, Endian, Kind, Name, Node};
use crate::parts::files::{Collector, PATH_MAX};
use crate::parts::{Block, Damage, Files, OtherKind, Span};

/// The inode of `/`.
const ROOT: u32 = 1;

/// The types of a struct dirent.
const FOLDER: u8 = 4;
const REGULAR: u8 = 8;
const SYMLINK: u8 = 10;

/// No node has more than a page of 64 KiB, whatever it says.
const PAGE: u32 = 64 << 10;

pub(super) fn read(image: &[u8], _: Endian, nodes: &[Node]) -> Result<Files, Damage> {
    let mut names: BTreeMap<(u32, &[u8]), &Name> = BTreeMap::new();
    let mut data: HashMap<u32, Vec<&Data>> = HashMap::new();
    for node in nodes {
        match &node.kind {
            Kind::Name(name) => {
                let key = (name.folder, &image[name.name.clone()]);
                let latest = names.entry(key).or_insert(name);
                if name.version > latest.version {
                    *latest = name;
                }
            }
            Kind::Data(piece) => data.entry(piece.inode).or_default().push(piece),
            Kind::Other => {}
        }
    }
    for pieces in data.values_mut() {
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.version));
    }
    let mut files = Collector::new(super::WHAT, 0..image.len());
    let mut seen = HashSet::from([ROOT]);
    let mut waiting = vec![(ROOT, String::new())];
    while let Some((folder, path)) = waiting.pop() {
        let all = (folder, &[][..])..(folder + 1, &[][..]);
        for ((_, name), entry) in names.range(all).filter(|(_, entry)| entry.inode != 0) {
            let path = format!("{path}/{}", String::from_utf8_lossy(name));
            if path.len() > PATH_MAX {
                return Err(files.damage("a path is longer than 4096 bytes"));
            }
            let pieces = data.get(&entry.inode).map_or(&[][..], Vec::as_slice);
            match entry.kind {
                FOLDER => {
                    if !seen.insert(entry.inode) {
                        return Err(files.damage(format!("the folder {path}/ is in two places")));
                    }
                    files.other(path.clone(), OtherKind::Folder)?;
                    waiting.push((entry.inode, path));
                }
                REGULAR => {
                    let size = pieces.first().map_or(0, |latest| latest.size);
                    let spans = spans(&mut files, pieces, size)?;
                    files.file(path, u64::from(size), spans)?;
                }
                SYMLINK => {
                    let target = pieces.first().map(|piece| &image[piece.packed.clone()]);
                    let target = String::from_utf8_lossy(target.unwrap_or_default());
                    files.other(path, OtherKind::Symlink(target.into_owned()))?;
                }
                _ => files.other(path, OtherKind::Special)?,
            }
        }
    }
    files.finish()
}

/// What each piece has of a file: of the latest all, of an older one what later ones leave.
fn spans(files: &mut Collector, pieces: &[&Data], size: u32) -> Result<Vec<Span>, Damage> {
    // Start and end of what is known, and the piece that has it.
    let mut taken: BTreeMap<u32, (u32, usize)> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        let Some(end) = piece.at.checked_add(piece.unpacked) else {
            return Err(files.damage("a node ends behind the largest file"));
        };
        if piece.unpacked > PAGE && piece.compressor != ZERO {
            return Err(files.damage("a node has more than 64 KiB"));
        }
        let end = end.min(size);
        let mut from = piece.at;
        // The last that starts before this piece may reach into it.
        if let Some((_, (until, _))) = taken.range(..=from).next_back() {
            from = from.max(*until);
        }
        let mut free = Vec::new();
        for (start, (until, _)) in taken.range(from..end.max(from)) {
            free.push((from, *start));
            from = *until;
        }
        free.push((from, end));
        for (from, until) in free.into_iter().filter(|(from, until)| from < until) {
            taken.insert(from, (until, index));
        }
    }
    let mut spans = Vec::new();
    for (from, (until, index)) in taken {
        let piece = pieces[index];
        if piece.compressor == ZERO {
            continue;
        }
        let codec = match piece.compressor {
            6 => Some(Codec::Zlib),
            7 => Some(Codec::Lzo1xBlock),
            _ => None,
        };
        let block = files.add(Block {
            range: piece.packed.clone(),
            codec,
            limit: piece.unpacked as usize,
            // rtime, rubin, and OpenWrt's LZMA without a header.
            closed: codec.is_none() && piece.compressor != 0,
        })?;
        spans.push(Span {
            at: u64::from(from),
            block,
            offset: (from - piece.at) as usize,
            length: (until - from) as usize,
        });
    }
    Ok(spans)
}

/// The compressor of nothing but zeros.
const ZERO: u8 = 1;
