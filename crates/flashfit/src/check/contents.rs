//! What is in an image, piece by piece, for a partition, a slot or a component.

use std::collections::BTreeMap;

use super::Report;
use board::units::Bytes;

/// What a row of a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// Its files in the image folder.
    pub(super) images: Vec<String>,
    /// The one path in them that it is about; `None`: all of it.
    pub(super) path: Option<String>,
}

/// The bytes of each piece of `subject` in `report`: the files of a squashfs, its
/// metadata; an image of another kind as a whole. Padding is left out: nobody
/// can do anything about it. Images that the report
/// does not have have no pieces.
pub(super) fn pieces(report: &Report, subject: &Subject) -> BTreeMap<String, Bytes> {
    let mut pieces = BTreeMap::new();
    for name in &subject.images {
        let Some(image) = report.image(name) else {
            continue;
        };
        let Some(squashfs) = &image.squashfs else {
            pieces.insert(name.clone(), image.bytes);
            continue;
        };
        for file in &squashfs.files {
            match &subject.path {
                None => drop(pieces.insert(file.path.clone(), file.own())),
                // A component has all of its bytes, also those that it shares.
                Some(path) if is_within(&file.path, path) => {
                    pieces.insert(file.path.clone(), file.on_flash);
                }
                Some(_) => {}
            }
        }
        if subject.path.is_none() {
            pieces.insert(format!("metadata of {name}"), squashfs.metadata);
        }
    }
    pieces
}

fn is_within(file: &str, path: &str) -> bool {
    file.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
