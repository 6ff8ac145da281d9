//! cpio archives of the kinds "newc" and "crc", as an initramfs is.
//!
//! Format: Documentation/driver-api/early-userspace/buffer-format.rst in Linux.

use std::collections::HashMap;

use super::files::{Collector, PATH_MAX};
use super::{Content, Damage, Finding, Found, OtherKind, Part, Span};
use crate::report::Kind;

const WHAT: &str = "cpio archive";
const HEADER: usize = 110;

/// An archive at the start of `bytes`, and further ones right behind it.
pub(super) fn find(bytes: &[u8], _: usize) -> Finding {
    is_header(bytes).then(|| read(bytes))
}

fn is_header(bytes: &[u8]) -> bool {
    let magic = bytes.starts_with(b"070701") || bytes.starts_with(b"070702");
    magic
        && bytes
            .get(6..HEADER)
            .is_some_and(|rest| rest.iter().all(u8::is_ascii_hexdigit))
}

fn read(bytes: &[u8]) -> Result<Found, Damage> {
    let mut files = Collector::new(WHAT, 0..bytes.len());
    // Of several links to an inode the last one has the data.
    let mut links: HashMap<[u32; 3], Vec<String>> = HashMap::new();
    let mut at = 0;
    loop {
        let header = &bytes[at..];
        if !is_header(header) {
            return Err(Damage::tables(WHAT, format!("no header at {at:#x}")));
        }
        let field = |index: usize| {
            let text = std::str::from_utf8(&header[6 + 8 * index..][..8]).unwrap_or_default();
            u32::from_str_radix(text, 16).unwrap_or_default()
        };
        let (mode, size) = (field(1), field(6) as usize);
        let data = (at + HEADER + field(11) as usize).next_multiple_of(4);
        let end = data + size;
        if end > bytes.len() {
            return Err(Damage::short(WHAT, bytes.len(), end as u64));
        }
        let name = &bytes[at + HEADER..data];
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name.len() > PATH_MAX {
            return Err(files.damage("a path is longer than 4096 bytes"));
        }
        at = end.next_multiple_of(4).min(bytes.len());
        if name == b"TRAILER!!!" {
            // Links without data are to an empty file.
            for path in std::mem::take(&mut links).into_values().flatten() {
                file(&mut files, path, 0..0)?;
            }
            let zeros = bytes[at..].iter().take_while(|byte| **byte == 0).count();
            if is_header(&bytes[at + zeros..]) {
                at += zeros;
                continue;
            }
            // Archives are whole blocks of 512 bytes.
            at += zeros.min(at.next_multiple_of(512) - at);
            break;
        }
        let name = String::from_utf8_lossy(name);
        let name = name.trim_start_matches("./").trim_start_matches('/');
        let path = format!("/{name}");
        match mode & 0o17_0000 {
            0o10_0000 if field(4) > 1 => {
                let same = links.entry([field(0), field(7), field(8)]).or_default();
                same.push(path);
                if size > 0 {
                    for path in std::mem::take(same) {
                        file(&mut files, path, data..end)?;
                    }
                }
            }
            0o10_0000 => file(&mut files, path, data..end)?,
            0o4_0000 if name.is_empty() || name == "." => {}
            0o4_0000 => files.other(path, OtherKind::Folder)?,
            0o12_0000 => {
                let target = String::from_utf8_lossy(&bytes[data..end]).into_owned();
                files.other(path, OtherKind::Symlink(target))?;
            }
            _ => files.other(path, OtherKind::Special)?,
        }
    }
    let part = Part {
        content: Content::Files(files.finish()?),
        ..Part::plain(WHAT, Kind::Filesystem, at)
    };
    Ok(Found::new(part, at))
}

fn file(files: &mut Collector, path: String, data: std::ops::Range<usize>) -> Result<(), Damage> {
    let length = data.len();
    let mut spans = Vec::new();
    if length > 0 {
        spans.push(Span {
            at: 0,
            block: files.block(data, None, length)?,
            offset: 0,
            length,
        });
    }
    files.file(path, length as u64, spans)
}
