//! Bytes and addresses with their owners.

/// A run of bytes with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins, in bytes from the start of the file or raw image.
    pub offset: u64,
    /// Its length in bytes; never 0.
    pub size: u64,
    /// The section, or empty for what lies between sections.
    pub section: String,
    /// Whose bytes they are.
    pub owner: Owner,
    /// The function or variable, demangled; a description where there is none; or empty.
    pub symbol: String,
}

/// Whose bytes a piece has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A crate, by the name that it has in paths: `actix_http`.
    Crate(String),
    /// A library that was linked in: `libc.a`.
    Library(String),
    /// An object file, by its path from the top of its source: `drivers/mtd/mtdcore.o`. Without a
    /// map it is a source file's name: `mtdcore.c`.
    Object(String),
    /// Headers, tables and constants that nobody names.
    Data,
    /// Code that nobody names.
    Unknown,
}

/// A run of addresses with an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The section, by its number in the program.
    pub section: usize,
    pub start: u64,
    pub end: u64,
    pub owner: Owner,
    pub symbol: String,
}
