//! What was measured, as it is committed, and as the documents print it.

pub mod board_table;
pub mod budget_svg;
pub mod builders;
pub mod by_board;
pub mod choices;
mod help;
pub mod measurement;
pub mod packageconfig;
pub mod prices;
pub mod size_table;
pub mod suite;
