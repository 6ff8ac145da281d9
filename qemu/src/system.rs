//! What the device tells of itself at `/api/v1/system`.

use serde::Deserialize;

use crate::error::Error;
use crate::machine::Machine;

/// The document. What the device does not know is `null` there and `None` here; an
/// absent key is an error.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the keys of app's document, described there")]
pub struct System {
    #[serde(deserialize_with = "present")]
    pub hostname: Option<String>,
    #[serde(deserialize_with = "present")]
    pub model: Option<String>,
    #[serde(deserialize_with = "present")]
    pub kernel: Option<String>,
    #[serde(deserialize_with = "present")]
    pub slot: Option<String>,
    #[serde(deserialize_with = "present")]
    pub uptime_seconds: Option<f64>,
    #[serde(deserialize_with = "present")]
    pub load: Option<[f64; 3]>,
    pub memory: Memory,
    #[serde(deserialize_with = "present")]
    pub flash: Option<Vec<Partition>>,
    pub data: Data,
    pub server: Server,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the keys of app's document, described there")]
pub struct Memory {
    #[serde(deserialize_with = "present")]
    pub total_bytes: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub free_bytes: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub available_bytes: Option<u64>,
}

/// One flash partition.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the keys of app's document, described there")]
pub struct Partition {
    pub name: String,
    pub device: String,
    pub size_bytes: u64,
    #[serde(deserialize_with = "present")]
    pub used_bytes: Option<u64>,
    pub erase_block_bytes: u64,
}

/// The file system for everything that is written.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the keys of app's document, described there")]
pub struct Data {
    #[serde(deserialize_with = "present")]
    pub state: Option<String>,
    #[serde(deserialize_with = "present")]
    pub size_bytes: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub free_bytes: Option<u64>,
}

/// The server itself.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the keys of app's document, described there")]
pub struct Server {
    pub version: String,
    pub git_revision: String,
    pub target: String,
    pub profile: String,
    pub allocator: String,
    #[serde(deserialize_with = "present")]
    pub rss_bytes: Option<u64>,
    #[serde(deserialize_with = "present")]
    pub open_fds: Option<u64>,
}

/// With a function of its own serde no longer takes an absent key for `None`.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

impl Machine {
    /// Asks the device about itself.
    ///
    /// # Errors
    /// When the answer is not the document.
    pub fn system(&self) -> Result<System, Error> {
        const PATH: &str = "/api/v1/system";
        let answer = self.get(PATH)?;
        let wrong = |reason: String| Error::Http {
            url: PATH.to_owned(),
            reason,
        };
        if answer.status != 200 {
            return Err(wrong(format!("status {}", answer.status)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| wrong(format!("{error} in {}", answer.text())))
    }
}
