//! What the boot tests say of a test that an image cannot take.

use std::io::{self, Write as _};

/// Prints `not applicable: TEST: REASON`, past the test runner's capturing of output, so that
/// nobody takes it for a test that passed. `cargo xtask matrix` counts these lines.
///
/// # Errors
/// When standard error cannot be written to.
pub fn not_applicable(test: &str, reason: &str) -> io::Result<()> {
    // In one piece: other tests write at the same time.
    let line = format!("not applicable: {test}: {reason}\n");
    io::stderr().write_all(line.as_bytes())
}
