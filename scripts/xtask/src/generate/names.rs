//! Names of Buildroot's options.

pub fn symbol(board: &str) -> String {
    format!(
        "BR2_TINYRUST_BOARD_{}",
        board.to_uppercase().replace('-', "_")
    )
}
