//! The argument of the kernel's command line.

use super::Error;
use board::Board;

pub(super) fn render(board: &Board) -> Result<String, Error> {
    let argument = board.mtdparts().ok_or_else(|| Error::NoMtdId {
        path: board.path.clone(),
    })?;
    Ok(format!("{argument}\n"))
}
