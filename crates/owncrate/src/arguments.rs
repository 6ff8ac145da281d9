//! A crate of one's own on a command line: `cargo xtask image` and `run.sh` take the same options.

use std::path::PathBuf;

use clap::Args;

use crate::Request;

/// The options, as `docs/own-app.md` describes them.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Build this crate, a folder or a released one as NAME@VERSION, and put its program in the
    /// server's place (docs/own-app.md); the image folder is out/<BOARD>.crate
    #[arg(long = "crate", value_name = "CRATE")]
    pub source: Option<String>,

    /// The program to use, if the crate has several
    #[arg(long, value_name = "NAME", requires = "source")]
    bin: Option<String>,

    /// Features of the crate to enable, separated by commas
    #[arg(long, requires = "source", value_delimiter = ',')]
    features: Vec<String>,

    /// Build the crate without its default features
    #[arg(long, requires = "source")]
    no_default_features: bool,

    /// Use newer versions of these crates than a released crate's Cargo.lock names, separated by
    /// commas
    #[arg(
        long,
        requires = "source",
        value_delimiter = ',',
        value_name = "PACKAGE"
    )]
    update: Vec<String>,

    /// Use this file instead of the tinyrust.toml beside the crate
    #[arg(long, value_name = "FILE", requires = "source")]
    app: Option<PathBuf>,

    /// The port that the crate's program listens on [default: the one in tinyrust.toml, else 80]
    #[arg(long, requires = "source")]
    port: Option<u16>,

    /// Build the crate even if it is known not to run on the device
    #[arg(long, requires = "source")]
    anyway: bool,

    /// Start the crate's program with these arguments on the device
    #[arg(last = true, requires = "source", value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

impl Arguments {
    /// What is asked for; `None` without `--crate`.
    #[must_use]
    pub fn request(self) -> Option<Request> {
        Some(Request {
            source: self.source?,
            bin: self.bin,
            features: self.features,
            no_default_features: self.no_default_features,
            update: self.update,
            app: self.app,
            port: self.port,
            arguments: self.arguments,
            anyway: self.anyway,
        })
    }
}
