//! Where the conversation with the device's shell stands.

/// Where the conversation with the device's shell stands.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) open: bool,
    pub(crate) commands: usize,
}
