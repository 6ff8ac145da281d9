//! Checks and image parts that Buildroot, bitbake and the direct build share.

pub mod bill;
pub mod boot_image;
pub mod build_json;
mod command;
pub mod environment;
pub mod kconfig;
pub mod kernel_fit;
pub mod std_source;
pub mod symbols;
mod tar;
pub mod variables;
