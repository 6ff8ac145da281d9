//! The direct build: from sources to flash.bin without Buildroot or Yocto.

pub mod busybox;
pub mod cargo_build;
pub mod cargo_call;
pub mod compiler;
pub mod compiler_rt;
pub mod context;
pub mod device_table;
pub mod fit;
pub mod image;
pub mod kernel;
pub mod musl;
pub mod own_crate;
pub mod programs;
pub mod replace_server;
pub mod rootfs;
pub mod rust_src;
pub mod setup;
pub mod source_trees;
mod symbols;
pub mod toolchain;
pub mod uboot;
pub mod upx;
