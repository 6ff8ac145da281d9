//! What rustc was given, and the crates that are in a program.

pub mod crates;
pub mod profiles;
pub mod proof;
pub mod rustc_call;
pub mod sbom;
