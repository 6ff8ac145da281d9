//! Opens every file that board.toml names, each once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::InputError;
use crate::images::Images;
use crate::squashfs::{Content, Squashfs};
use board::Board;
use board::units::Bytes;

/// A file of the image folder.
pub(super) struct Measured {
    pub(super) bytes: Bytes,
    pub(super) squashfs: Option<Squashfs>,
}

/// Every file, and what each component takes, in their order.
pub(super) struct All {
    pub(super) files: BTreeMap<PathBuf, Measured>,
    pub(super) components: Vec<Content>,
}

pub(super) fn measure(board: &Board, images: &Images) -> Result<All, Vec<InputError>> {
    let mut all = All {
        files: BTreeMap::new(),
        components: Vec::new(),
    };
    let mut errors = Vec::new();
    let mut failed: Vec<&Path> = Vec::new();
    let partitions = board
        .partitions
        .iter()
        .filter_map(|p| Some((&p.name, p.line, p.image.as_ref()?)));
    let components = board.components.iter().map(|c| (&c.name, c.line, &c.file));
    for (who, line, file) in partitions.chain(components) {
        if all.files.contains_key(file) || failed.contains(&file.as_path()) {
            continue;
        }
        match open(board, images, file, who, line) {
            Ok(measured) => drop(all.files.insert(file.clone(), measured)),
            Err(error) => {
                failed.push(file);
                errors.push(error);
            }
        }
    }
    for component in &board.components {
        let Some(file) = all.files.get(&component.file) else {
            continue;
        };
        let at = || board.at(component.line);
        let Some(path) = &component.path else {
            all.components.push(Content {
                raw: file.bytes,
                on_flash: file.bytes,
                exact: true,
            });
            continue;
        };
        let content = match &file.squashfs {
            Some(squashfs) => squashfs.content(path).map_err(|source| InputError::Path {
                who: component.name.clone(),
                what: format!("{path} in {}", images.path(&component.file).display()),
                at: at(),
                source,
            }),
            None => Err(InputError::Squashfs {
                who: component.name.clone(),
                path: images.path(&component.file),
                at: at(),
                source: crate::squashfs::Error::None,
            }),
        };
        match content {
            Ok(content) => all.components.push(content),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(all)
    } else {
        Err(errors)
    }
}

fn open(
    board: &Board,
    images: &Images,
    file: &Path,
    who: &str,
    line: usize,
) -> Result<Measured, InputError> {
    let (mut handle, bytes) = images.file(board, file, who, line)?;
    let squashfs = Squashfs::is_one(&mut handle)
        .map_err(crate::squashfs::Error::from)
        .and_then(|is_one| is_one.then(|| Squashfs::read(handle)).transpose())
        .map_err(|source| InputError::Squashfs {
            who: who.to_owned(),
            path: images.path(file),
            at: board.at(line),
            source,
        })?;
    Ok(Measured { bytes, squashfs })
}
