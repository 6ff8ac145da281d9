//! Containers: images made of Debian packages alone, and the settings that podman needs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::definition::Definition;
use buildkit::apt::Archive;
use buildkit::cache::Cache;
use buildkit::command::{Log, output, tool};
use buildkit::key::Key;
use buildkit::made::Made;

/// Debian's packages that make and run containers.
pub const PACKAGES: [(&str, &str); 4] = [
    ("mmdebstrap", "makes containers from packages"),
    ("podman", "runs containers"),
    ("runc", "runs containers, even where crun refuses to"),
    ("uidmap", "containers without root privileges"),
];

/// Podman's settings. crun, its default, refuses where control groups of version 1 and 2 are
/// mounted side by side. A machine in a container or a small virtual one may not raise the
/// limits as podman does by default. The compiler needs no network: what it compiles was
/// fetched before, and no bridge has to be set up.
const SETTINGS: &str = "\
[engine]
runtime = \"runc\"

[containers]
netns = \"none\"
default_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]
";

/// Where the label stands that says what an image was made from.
const LABEL: &str = "tinyrust.inputs";

pub struct Engine {
    settings: PathBuf,
}

impl Engine {
    /// Writes the settings into the cache.
    pub fn new(cache: &Cache) -> Result<Self> {
        let folder = cache.root().join("containers");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let settings = folder.join("containers.conf");
        fs::write(&settings, SETTINGS)
            .with_context(|| format!("cannot write {}", settings.display()))?;
        Ok(Self { settings })
    }

    /// A program that will call podman.
    pub fn command(&self, program: &str) -> Command {
        let mut command = tool(program);
        command.env("CONTAINERS_CONF", &self.settings);
        // Without root's rights podman keeps what runs there.
        if let Some(folder) = std::env::var_os("XDG_RUNTIME_DIR") {
            command.env("XDG_RUNTIME_DIR", folder);
        }
        command
    }

    pub fn version(&self) -> Result<String> {
        let said = output(self.command("podman").arg("--version"))?;
        Ok(said.trim().replace(" version ", " "))
    }

    /// Makes a definition's image, unless it is there; whether it was, and what names it in the
    /// keys of what is made in it.
    pub fn image(
        &self,
        definition: &Definition,
        archive: &Archive,
        cache: &Cache,
        log: &Log,
    ) -> Result<Made<String>> {
        let packages = definition.packages.iter().cloned().collect::<Vec<_>>();
        let key = Key::new("container", 1)
            .field("suite", archive.suite())
            .field("packages", packages.join(" "));
        let identity = key.digest()[..16].to_owned();
        let image = definition.image();
        let _lock = cache.lock(&format!("container-{}", definition.target), log)?;
        let label = format!("{{{{index .Labels \"{LABEL}\"}}}}");
        let found = output(
            self.command("podman")
                .args(["image", "inspect", "--format", &label, &image]),
        );
        if found.is_ok_and(|found| found.trim() == identity) {
            return Ok(Made::found(identity));
        }
        let archive_file = cache
            .root()
            .join("containers")
            .join(format!("{}.tar", definition.target));
        let mut bootstrap = self.command("mmdebstrap");
        bootstrap.arg("--variant=essential");
        bootstrap.arg(format!("--include={}", packages.join(",")));
        // Nobody reads manuals in there.
        for folder in ["doc", "info", "locale", "man"] {
            bootstrap.arg(format!("--dpkgopt=path-exclude=/usr/share/{folder}/*"));
        }
        bootstrap.arg(archive.suite()).arg(&archive_file);
        bootstrap.args(archive.mirrors());
        let imported = log.run(&mut bootstrap).and_then(|()| {
            log.run(
                self.command("podman")
                    .args(["import", "--change"])
                    .arg(format!("LABEL {LABEL}={identity}"))
                    .arg(&archive_file)
                    .arg(&image),
            )
        });
        // Podman has its own copy, and half a gigabyte is not kept twice.
        buildkit::files::remove(&archive_file)?;
        imported.with_context(|| format!("cannot build the container image {image}"))?;
        Ok(Made::new(identity))
    }
}
