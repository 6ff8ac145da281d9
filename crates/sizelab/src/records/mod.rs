//! What was measured, as it is committed, and as the documents print it.

pub mod board_table;
mod budget;
pub mod budget_svg;
pub mod builders;
pub mod by_board;
pub mod measurement;
pub mod option_costs;
pub mod option_help;
pub mod packageconfig;
pub mod size_history;
pub mod size_table;
pub mod suite;
