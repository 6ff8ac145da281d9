//! What can be wrong with a program, its twin or its map.

/// Why the pieces of a program cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is no ELF file, or a damaged one.
    #[error(
        "{what}: {needed}, but {found}; use the file that the linker wrote, or its stripped copy"
    )]
    NotElf {
        /// Which of the files: "the program", "the file with symbols".
        what: &'static str,
        /// What was being read.
        needed: &'static str,
        /// What the reader found.
        found: String,
    },
    /// The file with symbols is of another build of the program.
    #[error(
        "the file with symbols is of another build: section {section} of the program is at \
         {program}, and there {twin}; use the symbols of exactly this build"
    )]
    OtherSymbols {
        /// The section that tells them apart.
        section: String,
        /// Its address and size in the program.
        program: String,
        /// Its address and size in the file with symbols.
        twin: String,
    },
    /// The map is of another build of the program.
    #[error(
        "the linker's map is of another build: section {section} of the program is at {program}, \
         and in the map {map}; use the map that the linker wrote with exactly this program"
    )]
    OtherMap {
        /// The section that tells them apart.
        section: String,
        /// Its address and size in the program.
        program: String,
        /// Its address and size in the map.
        map: String,
    },
    /// The text is no map of GNU ld.
    #[error(
        "the linker's map has no line \"Linker script and memory map\" with sections behind it; \
         use a map of GNU ld (-Wl,-Map=FILE)"
    )]
    NotMap,
    /// The raw image was not made from the program.
    #[error(
        "the raw image was not made from the program: at the best place {equal} of {size} bytes \
         of its sections are equal; use the ELF file that objcopy -O binary was given"
    )]
    OtherRaw {
        /// How many bytes are equal.
        equal: u64,
        /// How many bytes the sections have.
        size: u64,
    },
    /// A folder cannot be searched.
    #[error("{path}: cannot be searched for symbols: {source}")]
    Search {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}
