//! What each byte of a program or a raw image is: section, crate / library / object file, function.
//!
//! # Who owns a byte
//! 1. A symbol with a Rust name: the first crate of its name that is not std's (see [`crate_of`]).
//! 2. Otherwise, with a map of GNU ld: the object file ([`Owner::Object`]) or the archive
//!    ([`Owner::Library`]) of the input section.
//! 3. Otherwise, in a program that has Rust in it: `Owner::Library("C")`.
//! 4. Otherwise the source file that the symbol table names in front of a local symbol
//!    (`STT_FILE`). A global symbol is of the file whose local symbols have the same address, or
//!    stand on both sides of it.
//! 5. An entry of `.ARM.exidx` or of relocations: the owner of what it unwinds or relocates.
//! 6. In a program that has Rust in it, a constant without a name: the owner of the code that refers
//!    to it, if that is one alone.
//! 7. Headers, tables and constants that nobody names: [`Owner::Data`]. Code that nobody names:
//!    [`Owner::Unknown`].
//!
//! Up to 15 bytes between symbols of one object file belong to the symbol before them: they are
//! padding, or its literal pool. So do the linker's fill bytes between object files.

mod constants;
mod cover;
mod decode;
mod elf;
mod error;
mod files;
mod layout;
mod map;
mod names;
mod piece;
mod portable;
mod raw;
mod read;
mod search;
mod spans;
mod tables;
mod tree;
mod walk;

pub use error::Error;
pub use names::crate_of;
pub use piece::{Owner, Piece};
pub use portable::portable_map;
pub use raw::{Comparison, compare_raw};
pub use search::{SymbolFiles, Twin};

use elf::Program;
use map::Map;

/// The pieces of an ELF file.
///
/// `symbols` is the same program with its symbol table, if `elf` is stripped. `map` is what GNU ld
/// wrote with `-Map`.
///
/// # Errors
/// Where one of the files is damaged, or is of another build than `elf`.
pub fn pieces_of_elf(
    elf: &[u8],
    symbols: Option<&[u8]>,
    map: Option<&str>,
) -> Result<Vec<Piece>, Error> {
    let program = Program::read("the program", elf)?;
    let twin = symbols
        .map(|symbols| Program::read("the file with symbols", symbols))
        .transpose()?;
    if let Some(twin) = &twin {
        program.must_equal(twin)?;
    }
    let map = map.map(Map::parse).transpose()?;
    if let Some(map) = &map {
        map.must_fit(&program)?;
    }
    let named = twin.as_ref().unwrap_or(&program);
    let spans = spans::spans(&program, elf, named, map.as_ref());
    Ok(layout::of_elf(&program, elf, &spans))
}

/// The pieces of a raw image that `objcopy -O binary` made from `elf`, which has symbols.
///
/// Sections that objcopy left out are tolerated, as is what was changed after linking: sorted
/// tables, relocated words, a device tree behind the end. A raw image that is itself an ELF file
/// (the payload of x86's bzImage) is read as one.
///
/// # Errors
/// Where one of the files is damaged, or `raw` was not made from `elf`.
pub fn pieces_of_raw(raw: &[u8], elf: &[u8], map: Option<&str>) -> Result<Vec<Piece>, Error> {
    if raw.starts_with(b"\x7fELF") {
        return pieces_of_elf(raw, Some(elf), map);
    }
    let program = Program::read("the file with symbols", elf)?;
    let map = map.map(Map::parse).transpose()?;
    if let Some(map) = &map {
        map.must_fit(&program)?;
    }
    let comparison = raw::compare(raw, elf, &program)?;
    let spans = spans::spans(&program, elf, &program, map.as_ref());
    Ok(layout::of_raw(&program, raw, &spans, &comparison))
}
