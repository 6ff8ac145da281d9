//! The files of an image, put together from their spans, against the folder that it was made of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flashfit::parts::{Content, Files, Part};

/// What a block unpacks to.
pub fn unpack(image: &[u8], files: &Files, block: usize) -> Vec<u8> {
    let block = &files.blocks[block];
    assert!(!block.closed, "{block:?}");
    let bytes = &image[block.range.clone()];
    let Some(codec) = block.codec else {
        return bytes.to_vec();
    };
    let unpacked = bitcost::unpack(codec, bytes, block.limit);
    unpacked.unwrap_or_else(|error| panic!("{error}")).raw
}

/// All files by path.
pub fn contents(image: &[u8], files: &Files) -> BTreeMap<String, Vec<u8>> {
    let blocks: Vec<Vec<u8>> = (0..files.blocks.len())
        .map(|block| unpack(image, files, block))
        .collect();
    let mut all = BTreeMap::new();
    for file in &files.files {
        let mut content = vec![0; file.size as usize];
        for span in &file.spans {
            let at = span.at as usize;
            let data = &blocks[span.block][span.offset..][..span.length];
            content[at..at + span.length].copy_from_slice(data);
        }
        all.insert(file.path.clone(), content);
    }
    all
}

/// The regular files below a folder.
pub fn folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![(path.to_owned(), String::new())];
    while let Some((path, name)) = waiting.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{name}/{}", entry.file_name().to_str().unwrap());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                waiting.push((entry.path(), name));
            } else if kind.is_file() {
                all.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    all
}

/// The files of a file system.
#[track_caller]
pub fn files(part: &Part) -> &Files {
    match &part.content {
        Content::Files(files) => files,
        other => panic!("{}: {other:?}", part.name),
    }
}

/// Asserts that an image has the files of a folder, byte for byte.
#[track_caller]
pub fn are_of(image: &[u8], files: &Files, path: &Path) {
    let (has, wants) = (contents(image, files), folder(path));
    assert_eq!(
        has.keys().collect::<Vec<_>>(),
        wants.keys().collect::<Vec<_>>()
    );
    for (path, content) in &wants {
        assert!(has[path] == *content, "{path} differs");
    }
}
