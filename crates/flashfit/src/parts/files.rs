//! The files of a file system while its tables are read.

use std::collections::HashMap;
use std::ops::Range;

use bitcost::Codec;

use super::{Block, Damage, File, Files, Other, OtherKind, Span};

/// The bytes of all paths. A damaged image could give the same long path without end.
const PATHS: usize = 64 << 20;

/// The spans of all files: 4 million of 32 bytes. The same for the block list of one file that a
/// damaged image names under many paths.
const SPANS: usize = 4 << 20;

/// As long as Linux takes a path.
pub(super) const PATH_MAX: usize = 4096;

/// Collects files, and stays within what a real firmware needs.
pub(super) struct Collector {
    /// What the file system is.
    what: &'static str,
    /// The bytes that blocks may lie in.
    data: Range<usize>,
    files: Files,
    known: HashMap<usize, usize>,
    paths: usize,
    spans: usize,
}

impl Collector {
    pub(super) fn new(what: &'static str, data: Range<usize>) -> Collector {
        Collector {
            what,
            data,
            files: Files::default(),
            known: HashMap::new(),
            paths: 0,
            spans: 0,
        }
    }

    pub(super) fn damage(&self, reason: impl Into<String>) -> Damage {
        Damage::tables(self.what, reason)
    }

    /// The index of the block with these bytes, which is new or known.
    pub(super) fn block(
        &mut self,
        range: Range<usize>,
        codec: Option<Codec>,
        limit: usize,
    ) -> Result<usize, Damage> {
        self.add(Block {
            range,
            codec,
            limit,
            closed: false,
        })
    }

    pub(super) fn add(&mut self, block: Block) -> Result<usize, Damage> {
        let Range { start, end } = block.range;
        if start < self.data.start || end > self.data.end || start >= end {
            return Err(self.damage(format!(
                "a block of data at {start:#x} to {end:#x} lies outside of {:#x} to {:#x}",
                self.data.start, self.data.end
            )));
        }
        if let Some(index) = self.known.get(&start) {
            if self.files.blocks[*index].range != block.range {
                return Err(self.damage(format!("two blocks of data overlap at {start:#x}")));
            }
            return Ok(*index);
        }
        let index = self.files.blocks.len();
        self.known.insert(start, index);
        self.files.blocks.push(block);
        Ok(index)
    }

    fn take_path(&mut self, path: &str) -> Result<(), Damage> {
        self.paths += path.len();
        if self.paths > PATHS {
            return Err(self.damage("its paths take more than 64 MiB"));
        }
        Ok(())
    }

    pub(super) fn file(&mut self, path: String, size: u64, spans: Vec<Span>) -> Result<(), Damage> {
        self.take_path(&path)?;
        self.spans += spans.len();
        if self.spans > SPANS {
            return Err(self.damage("its files have more than 4 million blocks"));
        }
        for span in &spans {
            let block = &self.files.blocks[span.block];
            let holds = match block.codec {
                None if !block.closed => block.range.len(),
                _ => block.limit,
            };
            if span
                .offset
                .checked_add(span.length)
                .is_none_or(|end| end > holds)
            {
                return Err(self.damage(format!("the data of {path} lie outside of their block")));
            }
        }
        self.files.files.push(File { path, size, spans });
        Ok(())
    }

    pub(super) fn other(&mut self, path: String, kind: OtherKind) -> Result<(), Damage> {
        self.take_path(&path)?;
        self.files.others.push(Other { path, kind });
        Ok(())
    }

    /// The files by path and the blocks by offset, none of which overlap.
    pub(super) fn finish(self) -> Result<Files, Damage> {
        let Collector {
            what, mut files, ..
        } = self;
        let mut order: Vec<usize> = (0..files.blocks.len()).collect();
        order.sort_by_key(|index| files.blocks[*index].range.start);
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        for span in files.files.iter_mut().flat_map(|file| &mut file.spans) {
            span.block = place[span.block];
        }
        files.blocks.sort_by_key(|block| block.range.start);
        for pair in files.blocks.windows(2) {
            if pair[0].range.end > pair[1].range.start {
                let at = pair[1].range.start;
                let reason = format!("two blocks of data overlap at {at:#x}");
                return Err(Damage::tables(what, reason));
            }
        }
        files.files.sort_by(|a, b| a.path.cmp(&b.path));
        files.others.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}
