//! What follows from boards/ and app/.

pub mod buildroot;
mod defconfig;
mod names;
mod profile_vars;
