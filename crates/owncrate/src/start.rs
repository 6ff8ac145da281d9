//! How the program is started: the script that stands where init looks for the server.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::krate::OwnCrate;

/// What init starts.
pub const SERVER: &str = "/usr/bin/tinyrust";

/// The folder that the server's user may write to, on the data partition.
const DIRECTORY: &str = "/data/tinyrust";

impl OwnCrate {
    /// The program's path on the device.
    #[must_use]
    pub fn installed(&self) -> String {
        let path = format!("/usr/bin/{}", self.bin);
        match path == SERVER {
            true => format!("/usr/libexec/{}", self.bin),
            false => path,
        }
    }

    /// The script that init starts in the server's place.
    ///
    /// # Errors
    /// When an argument has a NUL in it.
    pub fn script(&self) -> Result<String> {
        let quote = |text: &str| {
            let quoted =
                shlex::try_quote(text).context("an argument cannot contain a NUL character")?;
            Ok::<_, anyhow::Error>(quoted.into_owned())
        };
        let directory = self.app.directory.as_deref().unwrap_or(DIRECTORY);
        let mut text = format!("#!/bin/sh\n# {} in the server's place.\n", self.title());
        writeln!(text, "cd {} || exit", quote(directory)?)?;
        writeln!(text, "export HOME={}", quote(directory)?)?;
        for (name, value) in &self.app.environment {
            writeln!(text, "export {name}={}", quote(value)?)?;
        }
        write!(text, "exec {}", self.installed())?;
        for argument in &self.app.arguments {
            write!(text, " {}", quote(argument)?)?;
        }
        text.push('\n');
        Ok(text)
    }
}
