//! What rustc was given.
//!
//! Cargo's settings have many sources, and the environment silently beats the manifest:
//! Buildroot's `CARGO_PROFILE_RELEASE_LTO=false` and its kind once made 1,287,224 bytes of
//! 818,704. So nothing is concluded from the settings: a wrapper around rustc writes down each
//! call ([`record`]), and all flags of each call are compared with what was asked for
//! ([`verify`](mod@verify)).

pub mod installed;
mod options;
pub mod profiles;
pub mod record;
mod suspects;
pub mod verify;
