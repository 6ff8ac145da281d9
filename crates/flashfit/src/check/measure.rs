//! Opens every file that board.toml names, each once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::InputError;
use crate::images::{Content, Images};
use crate::squashfs::{Content as Taken, Squashfs};
use board::Board;
use board::units::Bytes;

/// A file of the image folder.
pub(super) struct Measured {
    pub(super) bytes: Bytes,
    pub(super) content: Measure,
}

/// What is seen of a file.
pub(super) enum Measure {
    /// Each of its files.
    Squashfs(Box<Squashfs>),
    /// Its size alone, and the warning that says so where that may surprise.
    Whole {
        what: String,
        warning: Option<String>,
    },
}

/// Every file, and what each component takes, in their order.
pub(super) struct All {
    pub(super) files: BTreeMap<PathBuf, Measured>,
    pub(super) components: Vec<Taken>,
}

impl All {
    /// Of files that are measured in a way that may surprise.
    pub(super) fn warnings(&self) -> Vec<String> {
        let warning = |measured: &Measured| match &measured.content {
            Measure::Whole { warning, .. } => warning.clone(),
            Measure::Squashfs(_) => None,
        };
        self.files.values().filter_map(warning).collect()
    }
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
        .filter_map(|p| Some((&p.name, p.line, p.image.as_ref()?, p.root)));
    let components = board
        .components
        .iter()
        .map(|c| (&c.name, c.line, &c.file, false));
    for (who, line, file, root) in partitions.chain(components) {
        if all.files.contains_key(file) || failed.contains(&file.as_path()) {
            continue;
        }
        match open(board, images, (file, root), who, line) {
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
            all.components.push(Taken {
                raw: file.bytes,
                on_flash: file.bytes,
                exact: true,
            });
            continue;
        };
        let content = match &file.content {
            Measure::Squashfs(squashfs) => {
                let what = || format!("{path} in {}", images.path(&component.file).display());
                match squashfs.content(path) {
                    Ok(content) if content.raw.get() == 0 => Err(InputError::Empty {
                        who: component.name.clone(),
                        what: what(),
                        at: at(),
                    }),
                    content => content.map_err(|source| InputError::Path {
                        who: component.name.clone(),
                        what: what(),
                        at: at(),
                        source,
                    }),
                }
            }
            Measure::Whole { what, .. } => Err(InputError::Closed {
                who: component.name.clone(),
                path: path.clone(),
                file: images.path(&component.file),
                at: at(),
                what: what.clone(),
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
    (file, root): (&Path, bool),
    who: &str,
    line: usize,
) -> Result<Measured, InputError> {
    let image = images.image(board, file, who, line)?;
    let content = match image.content {
        Content::Squashfs(squashfs) => Measure::Squashfs(squashfs),
        Content::Closed { what, filesystem } => whole(
            what,
            (filesystem || root).then(|| (images.path(file), who, board.at(line))),
        ),
        Content::Unknown => {
            let what = "not a file system that flashfit knows".to_owned();
            whole(what, root.then(|| (images.path(file), who, board.at(line))))
        }
    };
    Ok(Measured {
        bytes: image.bytes,
        content,
    })
}

/// A file that counts with its size; with `surprising`, whoever has it is warned.
fn whole(what: String, surprising: Option<(PathBuf, &str, String)>) -> Measure {
    let warning = surprising.map(|(path, who, at)| {
        format!(
            "{who}: {} ({at}) is {what}: flashfit measures it as a whole and cannot list its \
             files; it lists those of a squashfs of version 4.0",
            path.display()
        )
    });
    Measure::Whole { what, warning }
}
