//! The function that an address of a program belongs to.

use std::fmt;
use std::path::Path;

use object::{Architecture, Object, ObjectSymbol, SymbolKind};

/// A function, and how far in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// Its name as the source has it.
    pub name: String,
    /// Bytes from its start.
    pub offset: u64,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:#x}", self.name, self.offset)
    }
}

/// Looks `address` up in the symbols of a program that is linked to a fixed address: what is
/// in its memory is where its file says. `None` where there is no such file, or no function.
pub(crate) fn function(file: &Path, address: u64) -> Option<Function> {
    let bytes = std::fs::read(file).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    // The lowest bit says that a function is Thumb code.
    let mask = if file.architecture() == Architecture::Arm {
        !1
    } else {
        !0
    };
    file.symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
        .map(|symbol| (symbol.address() & mask, symbol))
        .find(|(start, symbol)| (*start..start + symbol.size()).contains(&address))
        .and_then(|(start, symbol)| {
            Some(Function {
                name: format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?)),
                offset: address - start,
            })
        })
}
