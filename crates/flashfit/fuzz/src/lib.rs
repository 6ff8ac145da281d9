//! flashfit's readers on any bytes: what they must do with them is not to panic, and to give a result
//! that holds together.
//!
//! `cargo fuzz run TARGET` looks for bytes that they do not stand; tests/short.rs replays the seeds and
//! a few thousand changed ones on a stable compiler.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use board::Board;
use board::units::Bytes;
use flashfit::images::{Content, Images};
use flashfit::import::{self, Options, Source};
use flashfit::layout::{self, Format};
use flashfit::parts::{self, Part};

/// A board.toml: one that is taken has a map that covers its chip, and every form of it.
pub fn board(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(board) = Board::parse(text, Path::new("board.toml")) else {
        return;
    };
    let covered: u128 = board
        .partitions
        .iter()
        .map(|p| u128::from(p.size.get()))
        .sum();
    assert_eq!(covered, u128::from(board.flash.size.get()));
    for format in Format::all_of(&board) {
        let form = layout::render(&board, format);
        assert!(form.is_ok_and(|text| text.ends_with('\n')));
    }
}

/// A map in another language, which the first byte chooses. What is written is read as a board.toml,
/// whatever is wrong with the map.
pub fn import(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let sources = [Source::Mtdparts, Source::Dts, Source::Genimage];
    let options = Options {
        size: (first & 0x10 != 0).then_some(Bytes(8 << 20)),
        erase_block: None,
        chip: None,
    };
    let source = sources[usize::from(*first) % sources.len()];
    match import::import(text, Path::new("map"), source, &options) {
        Ok(board_toml) => drop(Board::parse(&board_toml, Path::new("board.toml"))),
        Err(error) => assert!(error.line > 0 && error.column > 0 && !error.message.is_empty()),
    }
}

thread_local! {
    /// A folder for images, and a board that names one.
    static IMAGES: RefCell<Option<(tempfile::TempDir, Images, Board)>> = const { RefCell::new(None) };
}

/// A board whose one partition holds the file `image`.
const BOARD: &str = "[flash]\nsize = \"64 KiB\"\nerase-block = \"64 KiB\"\n\
    [[partition]]\nname = \"a\"\noffset = \"0 KiB\"\nsize = \"64 KiB\"\nimage = \"image\"\n";

/// An image: a squashfs that is read adds up to the file.
pub fn image(bytes: &[u8]) {
    IMAGES.with_borrow_mut(|place| {
        let (folder, images, board) = place.get_or_insert_with(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let images = Images::open(folder.path()).expect("the folder");
            let board = Board::parse(BOARD, Path::new("board.toml")).expect("a board");
            (folder, images, board)
        });
        fs::write(folder.path().join("image"), bytes).expect("written");
        let image = images.image(board, Path::new("image"), "a", 1);
        let Ok(Content::Squashfs(squashfs)) = image.map(|image| image.content) else {
            return;
        };
        let own: u64 = squashfs.files.iter().map(|file| file.own().get()).sum();
        let sum = own + squashfs.metadata.get() + squashfs.padding.get();
        assert_eq!(sum, bytes.len() as u64);
        let _ = squashfs.content("/a");
    });
}

/// The largest block that is unpacked, in bytes.
const UNPACKED: usize = 64 << 10;

/// An image, as one and as a chip: parts do not overlap, and what a chip consists of is all of it.
pub fn parts(bytes: &[u8]) {
    if let Ok(part) = parts::of(bytes) {
        assert_eq!(part.range, 0..bytes.len());
        sound(&[part], bytes);
    }
    for erase_block in [4096, 65_536] {
        if let Ok(parts) = parts::scan(bytes, erase_block) {
            sound(&parts, bytes);
            let covered: usize = parts.iter().map(|part| part.range.len()).sum();
            assert_eq!(covered, bytes.len());
        }
    }
}

fn sound(all: &[Part], bytes: &[u8]) {
    let mut at = 0;
    for part in all {
        assert!(at <= part.range.start);
        at = part.range.end;
        let bytes = &bytes[part.range.clone()];
        match &part.content {
            parts::Content::Parts(all) => sound(all, bytes),
            parts::Content::Packed(codec) => drop(bitcost::unpack(*codec, bytes, UNPACKED)),
            parts::Content::Files(files) => {
                let mut at = 0;
                for block in &files.blocks {
                    assert!(at <= block.range.start);
                    at = block.range.end;
                    let bytes = &bytes[block.range.clone()];
                    if let Some(codec) = block.codec {
                        let _ = bitcost::unpack(codec, bytes, block.limit.min(UNPACKED));
                    }
                }
                for span in files.files.iter().flat_map(|file| &file.spans) {
                    assert!(span.block < files.blocks.len());
                }
            }
            parts::Content::Plain | parts::Content::Erased => {}
        }
    }
}
