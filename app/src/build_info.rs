//! What the builder says about this build, fixed at compile time.

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The revision of the source, `TINYRUST_GIT_REVISION` at build time.
pub const GIT_REVISION: &str = or_unknown(option_env!("TINYRUST_GIT_REVISION"));

/// The Rust target triple, `TINYRUST_TARGET` at build time.
pub const TARGET: &str = or_unknown(option_env!("TINYRUST_TARGET"));

/// The size profile, `TINYRUST_PROFILE` at build time.
pub const PROFILE: &str = or_unknown(option_env!("TINYRUST_PROFILE"));

/// The allocator that is linked in.
pub const ALLOCATOR: &str = if cfg!(feature = "mimalloc") {
    "mimalloc"
} else {
    "system"
};

const fn or_unknown(value: Option<&'static str>) -> &'static str {
    match value {
        Some(value) => value,
        None => "unknown",
    }
}
