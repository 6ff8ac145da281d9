//! What cannot work on the device, said before the long build.
//!
//! Everything here is read from cargo's own answer and from the crates' sources. It can be wrong in
//! both directions: a build script may do anything. So a request can say that the build is to be tried
//! anyway.

mod foreign_code;
mod kernel;
mod own_source;
mod sources;
mod system_libraries;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use buildkit::command::{output, tool};

use crate::krate::OwnCrate;

/// Why a crate cannot be built, or its program not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Which crate needs what.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What of the target matters here.
#[derive(Debug, Clone)]
pub struct Target {
    /// The triple.
    pub triple: String,
    /// Whether it has atomic operations on 64 bits.
    pub atomic_64: bool,
    /// How the kernel is configured, where that is known.
    pub kernel: Option<Kernel>,
}

/// What switches on everything that the kernel has.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The text of all fragments.
    pub text: String,
    /// The fragment to which a line can be added, as messages name it.
    pub file: String,
}

impl Target {
    /// Asks rustc, with the flags that the program is compiled with.
    ///
    /// # Errors
    /// When rustc does not know the target.
    pub fn ask(rustc: &Path, triple: &str, rustflags: &[String]) -> Result<Self> {
        let mut command = tool(rustc);
        command.args(["--print", "cfg", "--target", triple]);
        let machine = rustflags
            .iter()
            .filter(|flag| flag.starts_with("-Ctarget-"));
        let said = output(command.args(machine))?;
        Ok(Self {
            triple: triple.to_owned(),
            atomic_64: said.lines().any(|line| line == "target_has_atomic=\"64\""),
            kernel: None,
        })
    }

    fn is_musl(&self) -> bool {
        self.triple.contains("musl")
    }
}

/// Everything that stands in the way, in the order of the crates.
///
/// # Errors
/// When a crate's source cannot be read.
pub fn all(own: &OwnCrate, target: &Target) -> Result<Vec<Obstacle>> {
    let mut found = Vec::new();
    for member in &own.graph.members {
        found.extend(system_libraries::of(&own.graph, member));
        found.extend(foreign_code::of(&own.graph, member)?);
        if member.in_program {
            found.extend(sources::of(&own.graph, member, target)?);
            found.extend(kernel::of(&own.graph, member, target));
        }
    }
    Ok(found)
}

/// Fails when something stands in the way.
///
/// # Errors
/// With each obstacle and what to do about it.
pub fn refuse(own: &OwnCrate, target: &Target) -> Result<()> {
    let obstacles = all(own, target)?;
    if obstacles.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} cannot run on the device as it is:", own.title());
    for Obstacle { what, remedy } in obstacles {
        write!(text, "\n  {what}\n    {remedy}")?;
    }
    bail!("{text}\n--anyway tries to build it nevertheless")
}
