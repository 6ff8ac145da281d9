//! A crate of one's own in the server's place.
//!
//! [`OwnCrate::find`] takes a folder or a released crate's name, asks cargo what belongs to its
//! program, and [`obstacles::refuse`] says before the long build what cannot work on the device.
//! [`App`] is the small table beside the crate that says how the program is started and where it
//! answers, [`map`] the board's map for it, and [`parts`] what of it weighs how much.

mod app;
mod arguments;
pub mod cut;
mod graph;
mod krate;
pub mod map;
pub mod obstacles;
pub mod parts;
mod registry;
pub mod start;

pub use app::App;
pub use arguments::Arguments;
pub use krate::{OwnCrate, Request};
