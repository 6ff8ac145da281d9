//! Commands, cache, keys, steps, progress and sources of a build.

pub mod apt;
pub mod cache;
pub mod checkout;
pub mod command;
pub mod deb_control;
pub mod files;
pub mod key;
pub mod lock;
pub mod made;
pub mod output;
pub mod processor;
pub mod progress;
mod scratch;
pub mod sources;
pub mod step;
pub mod stock;
pub mod store;
