//! Prints what a program is made of: `pieces PROGRAM FOLDER...`, with the folders where its symbols
//! may be; with RAW=1 in the environment PROGRAM is a raw image.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use symbolmap::{SymbolFiles, pieces_of_elf, pieces_of_raw};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (program, folders) = arguments
        .split_first()
        .ok_or("usage: pieces PROGRAM FOLDER...")?;
    let bytes = fs::read(program)?;
    let name = Path::new(program)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let files = SymbolFiles::search(folders)?;
    let raw = env::var_os("RAW").is_some();
    let twin = match raw {
        true => files.source_of_raw(&name, &bytes),
        false => files.twin_of(&name, &bytes),
    };
    eprintln!("{twin:?}");
    let symbols = twin
        .as_ref()
        .map(|twin| fs::read(&twin.symbols))
        .transpose()?;
    let map = twin.and_then(|twin| twin.map).map(fs::read).transpose()?;
    let map = map.map(|map| String::from_utf8_lossy(&map).into_owned());
    let pieces = match raw {
        true => pieces_of_raw(
            &bytes,
            &symbols.ok_or("no program of this image")?,
            map.as_deref(),
        )?,
        false => pieces_of_elf(&bytes, symbols.as_deref(), map.as_deref())?,
    };
    let mut owners: BTreeMap<String, u64> = BTreeMap::new();
    for piece in &pieces {
        *owners.entry(format!("{:?}", piece.owner)).or_default() += piece.size;
        if env::var_os("ALL").is_some() {
            println!(
                "{:#8x} {:6} {:14} {:?} {}",
                piece.offset, piece.size, piece.section, piece.owner, piece.symbol
            );
        }
    }
    let mut sorted: Vec<_> = owners.into_iter().collect();
    sorted.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (owner, size) in sorted {
        println!("{size:9} {owner}");
    }
    Ok(())
}
