//! The layer in one release of OE-Core, by tests/yocto/harness.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::command::{output, tool};

use super::run;

/// A checkout of OE-Core, and the bitbake that belongs to it.
pub(super) struct OeCore {
    root: PathBuf,
    bitbake: PathBuf,
    /// Where the harness builds: bitbake takes no blank in a path.
    build: String,
    /// `wrynose (yocto-6.0.2)`: the series, and what git calls the checkout.
    version: String,
    /// The Rust that it brings.
    pub(super) rust: String,
}

impl OeCore {
    pub(super) fn open(root: &Path) -> Result<Self> {
        let conf = root.join("meta/conf/layer.conf");
        let text = fs::read_to_string(&conf)
            .with_context(|| format!("not an OE-Core checkout: cannot read {}", conf.display()))?;
        let names = between(&text, "LAYERSERIES_CORENAMES = \"", "\"");
        let names = names.with_context(|| format!("{} names no series", conf.display()))?;
        let series = names.split_whitespace().last().unwrap_or_default();
        let mut describe = tool("git");
        describe.arg("-C").arg(root);
        let described = output(describe.args(["describe", "--tags", "--always", "--abbrev=10"]))?;
        // Where oe-init-build-env looks for it.
        let places = [root.join("bitbake"), root.join("../bitbake")];
        let bitbake = places.iter().find(|path| path.join("bin/bitbake").exists());
        Ok(Self {
            root: root.to_owned(),
            bitbake: bitbake
                .with_context(|| format!("found no bitbake in {} or beside it", root.display()))?
                .clone(),
            build: format!("oe-core-{}", described.trim()),
            version: format!("{series} ({})", described.trim()),
            rust: rust(&root.join("meta/recipes-devtools/rust"))?,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("OE-Core {}", self.version)
    }

    /// All of OE-Core with the layer, without a warning of the layer's.
    pub(super) fn loads(&self, repo: &Repo) -> Result<String> {
        let said = self.check(repo, "parse")?;
        let files = between(&said, "Parsing of ", " .bb files");
        Ok(format!(
            "all of OE-Core parses, {} recipe files",
            files.with_context(|| format!("bitbake did not report its recipe count: {said}"))?
        ))
    }

    /// tinyrust-image for every board, from GCC, musl and Rust on.
    pub(super) fn plans(&self, repo: &Repo) -> Result<String> {
        let said = self.check(repo, "plan")?;
        let tasks = between(&said, &format!("{DEFAULT_BOARD} "), " tasks");
        Ok(format!(
            "tinyrust-image for {} machines, {} tasks for {DEFAULT_BOARD}",
            said.matches(" tasks").count(),
            tasks.with_context(|| format!("cannot plan {DEFAULT_BOARD}: {said}"))?
        ))
    }

    /// What one check of the harness says when it passes.
    fn check(&self, repo: &Repo, name: &str) -> Result<String> {
        // The user's PSEUDO, MUSL and RUST are the harness's.
        let mut harness = Command::new(repo.path("tests/yocto/harness"));
        harness
            .args(["test", name])
            .env("OEROOT", &self.root)
            .env("BITBAKE", &self.bitbake)
            .env(
                "TINYRUST_YOCTO",
                repo.path("out/releases").join(&self.build),
            );
        let said = run(&mut harness)?;
        let ok = said.lines().find_map(|line| line.strip_prefix("  ok, "));
        let (_, said) = ok
            .and_then(|line| line.split_once(": "))
            .with_context(|| format!("the harness ended without a result: {said}"))?;
        Ok(said.to_owned())
    }
}

/// The version of the one recipe `rust_VERSION.bb`.
fn rust(folder: &Path) -> Result<String> {
    let folder_entries = fs::read_dir(folder)
        .with_context(|| format!("not an OE-Core checkout: {}", folder.display()))?;
    let mut versions = Vec::new();
    for entry in folder_entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        versions.extend(between(&name, "rust_", ".bb").map(str::to_owned));
    }
    let [version] = versions.as_slice() else {
        bail!(
            "{} does not have exactly one rust_VERSION.bb",
            folder.display()
        );
    };
    ensure!(!version.is_empty(), "rust_.bb in {}", folder.display());
    Ok(version.clone())
}

/// What stands between two strings, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
