//! The server of a device whose whole system lives in a small SPI-NOR chip: a status page, the same
//! as JSON, a health check and metrics, in as few bytes of flash as actix-web allows.
//!
//! Everything the program does is here, so that it can be tested; the program itself only reads its
//! command line and chooses the allocator.

pub mod build_info;
pub mod cli;
pub mod counters;
pub mod flash;
pub mod json;
pub mod limits;
pub mod metrics;
pub mod page;
pub mod procfs;
pub mod root;
pub mod routes;
pub mod server;
pub mod system;
pub mod units;
