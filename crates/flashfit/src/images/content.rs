//! What an image file holds.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};

use board::units::Bytes;

use super::{fdt, kind};
use crate::squashfs::{self, Squashfs};

/// What an image file holds.
#[derive(Debug)]
pub enum Content {
    /// A squashfs, taken apart.
    Squashfs(Box<Squashfs>),
    /// Something that is known and not taken apart: it is measured as a whole.
    Closed {
        /// What it is: `an erofs image`.
        what: String,
        /// Whether it is a file system that would have files to list.
        filesystem: bool,
    },
    /// Nothing that says what it is.
    Unknown,
}

/// Why a file's content cannot be used.
pub(super) enum Damage {
    /// What the system said.
    Io(io::Error),
    /// What is wrong, after `which`: `is a FIT image cut short: …`.
    Is(String),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        Damage::Io(error)
    }
}

impl Content {
    /// Looks into a file of `size` bytes, and leaves it at its start.
    pub(super) fn read(file: &File, size: Bytes) -> Result<Content, Damage> {
        let content = Content::look(file, size);
        let mut file = file;
        file.rewind()?;
        content
    }

    fn look(mut file: &File, size: Bytes) -> Result<Content, Damage> {
        if Squashfs::is_one(&mut file)? {
            return match Squashfs::read(file.try_clone()?) {
                Ok(squashfs) => Ok(Content::Squashfs(Box::new(squashfs))),
                Err(squashfs::Error::Kind(kind)) => Ok(Content::Closed {
                    what: format!("a squashfs that is {kind}"),
                    filesystem: true,
                }),
                Err(squashfs::Error::Io(error)) => Err(Damage::Io(error)),
                Err(error) => Err(Damage::Is(error.to_string())),
            };
        }
        let mut head = Vec::new();
        file.rewind()?;
        file.take(kind::LOOKED_AT).read_to_end(&mut head)?;
        // No name of a kind starts with another vowel that is spoken as one.
        let article = |name: &str| if name.starts_with('e') { "an" } else { "a" };
        let Some(kind) = kind::of(&head) else {
            return Ok(match kind::squashfs_within(&head) {
                Some(at) => Content::Closed {
                    what: format!("a squashfs that starts at byte {}", Bytes(at)),
                    filesystem: true,
                },
                None => Content::Unknown,
            });
        };
        let mut needs = kind.length;
        if kind.device_tree && needs.is_none_or(|needs| needs <= size.get()) {
            let mut blob = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut blob)?;
            let nodes = fdt::nodes(&blob).map_err(|what| {
                Damage::Is(format!(
                    "is a damaged {} ({what}): build it again",
                    kind.name
                ))
            })?;
            needs = Some(fdt::end(&blob, &nodes));
        }
        if let Some(needs) = needs.filter(|needs| *needs > size.get()) {
            return Err(Damage::Is(format!(
                "is {} {} cut short: {size} bytes, {} according to its header: build it again",
                article(kind.name),
                kind.name,
                Bytes(needs),
            )));
        }
        Ok(Content::Closed {
            what: format!("{} {}", article(kind.name), kind.name),
            filesystem: kind.filesystem,
        })
    }
}
