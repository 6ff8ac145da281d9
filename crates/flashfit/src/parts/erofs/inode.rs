//! Inodes of EROFS, and where the data of an uncompressed one are.

use super::{Image, cluster, damage};
use crate::parts::field::{le16, le32, le64};
use crate::parts::files::Collector;
use crate::parts::{Damage, Span};

/// Where the data of an inode are.
#[derive(PartialEq, Eq)]
enum Layout {
    Plain,
    /// Compressed, with an index of eight bytes a cluster.
    Full,
    /// The end of the data is behind the inode.
    Inline,
    /// Compressed, with an index of two or four bytes a cluster.
    Compact,
    /// In chunks of a fixed size, which several files may share.
    Chunks,
}

pub(super) struct Inode {
    pub(super) mode: u16,
    pub(super) size: u64,
    layout: Layout,
    /// The block of its data, or the format of its chunks.
    word: u32,
    /// The end of the inode and its attributes.
    end: u64,
}

impl Inode {
    pub(super) fn read(image: &Image<'_>, number: u64) -> Result<Inode, Damage> {
        let place = number
            .checked_mul(32)
            .and_then(|at| at.checked_add(image.inodes));
        let place = place.ok_or_else(|| damage("an inode lies outside the image"))?;
        let bytes = image.at(place, 32)?;
        let format = le16(bytes, 0).unwrap_or_default();
        let size = match format & 1 {
            0 => le32(bytes, 8).map(u64::from),
            _ => le64(bytes, 8),
        };
        let attributes = match le16(bytes, 2).unwrap_or_default() {
            0 => 0,
            count => 12 + 4 * (u64::from(count) - 1),
        };
        let layout = match format >> 1 & 7 {
            0 => Layout::Plain,
            1 => Layout::Full,
            2 => Layout::Inline,
            3 => Layout::Compact,
            4 => Layout::Chunks,
            other => return Err(damage(format!("an inode has the unknown layout {other}"))),
        };
        Ok(Inode {
            mode: le16(bytes, 4).unwrap_or_default(),
            size: size.unwrap_or_default(),
            layout,
            word: le32(bytes, 16).unwrap_or_default(),
            end: place + if format & 1 == 0 { 32 } else { 64 } + attributes,
        })
    }

    /// The pieces of data that lie in the image as they are: start and length of each, in order.
    fn pieces(&self, image: &Image<'_>) -> Vec<(u64, u64)> {
        let start = u64::from(self.word) << image.bits;
        let mut pieces = match self.layout {
            Layout::Inline if self.size > 0 => {
                let whole = (self.size - 1) >> image.bits << image.bits;
                vec![(start, whole), (self.end, self.size - whole)]
            }
            _ => vec![(start, self.size)],
        };
        // Without data there is no place.
        pieces.retain(|(_, length)| *length > 0);
        pieces
    }

    /// The data of a folder or a symlink, which are never compressed.
    pub(super) fn flat(&self, image: &Image<'_>) -> Result<Vec<u8>, Damage> {
        if !matches!(self.layout, Layout::Plain | Layout::Inline) {
            return Err(damage("a folder or a symlink is compressed"));
        }
        let mut content = Vec::new();
        for (start, length) in self.pieces(image) {
            content.extend(image.at(start, length)?);
        }
        Ok(content)
    }

    /// Where a file's data are.
    pub(super) fn spans(
        &self,
        image: &Image<'_>,
        files: &mut Collector,
    ) -> Result<Vec<Span>, Damage> {
        let pieces = match self.layout {
            Layout::Full | Layout::Compact => {
                let compact = self.layout == Layout::Compact;
                return cluster::spans(image, files, self.size, self.end, compact);
            }
            Layout::Chunks => self.chunks(image)?,
            Layout::Plain | Layout::Inline => self
                .pieces(image)
                .into_iter()
                .map(|(start, length)| (Some(start), length))
                .collect(),
        };
        let mut spans = Vec::new();
        let mut at = 0;
        for (start, length) in pieces {
            if let (Some(start), true) = (start, length > 0) {
                image.at(start, length)?;
                let (start, length) = (start as usize, length as usize);
                spans.push(Span {
                    at,
                    block: files.block(start..start + length, None, length)?,
                    offset: 0,
                    length,
                });
            }
            at += length;
        }
        Ok(spans)
    }

    /// Start, if it is no hole, and length of each chunk.
    fn chunks(&self, image: &Image<'_>) -> Result<Vec<(Option<u64>, u64)>, Damage> {
        let bits = image.bits + (self.word & 31);
        if bits > 40 {
            return Err(damage("a file has chunks that are too large"));
        }
        let entry = if self.word & 32 == 0 { 4 } else { 8 };
        let count = self.size.div_ceil(1 << bits);
        let table = image.at(
            self.end.next_multiple_of(entry),
            count.saturating_mul(entry),
        )?;
        let chunk = |(index, bytes): (u64, &[u8])| {
            let block = le32(bytes, entry as usize - 4).filter(|block| *block != u32::MAX);
            let length = (self.size - (index << bits)).min(1 << bits);
            (block.map(|block| u64::from(block) << image.bits), length)
        };
        Ok((0..)
            .zip(table.chunks_exact(entry as usize))
            .map(chunk)
            .collect())
    }
}
