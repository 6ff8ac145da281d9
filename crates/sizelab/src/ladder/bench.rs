//! What every measurement needs: the checkout, the cache, the tools, and what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::record::{Environment, Machine};
use super::step::Steps;
use super::target::{Program, Target};
use super::weigh::Scales;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::{Log, output, tool};
use buildkit::progress::{Outcome, Progress};
use buildkit::sources::{Sources, Store};
use direct::rust_src::Rustc;
use direct::upx;
use rustcheck::profiles::{self, Profile};

/// The target of the article.
pub const ARTICLE_TARGET: &str = "x86_64-unknown-linux-gnu";

/// The crates whose versions say most about a size.
const CRATES: &[&str] = &[
    "actix-web",
    "actix-http",
    "actix-server",
    "http",
    "mimalloc",
    "tokio",
];

/// The work bench.
pub struct Bench<'a> {
    /// The checkout.
    pub repo: &'a Repo,
    /// The steps.
    pub steps: Steps,
    /// Finished rows, and Debian's packages.
    pub cache: Cache,
    /// With what it is measured.
    pub environment: Environment,
    /// Everything that is run writes here.
    pub log: Log,
    /// How programs run is measured again, also where that is known.
    pub again: bool,
    upx: PathBuf,
    tools: String,
}

impl<'a> Bench<'a> {
    /// Prepares the bench.
    ///
    /// # Errors
    /// When a file of the checkout is missing or a tool cannot be had.
    pub fn new(repo: &'a Repo, again: bool) -> Result<Self> {
        let log = Log::create(&repo.path("out/ladder/ladder.log"))?;
        let cache = Cache::from_environment()?;
        let upx = upx::program(repo, &cache, &log)?;
        let environment = environment(repo, &upx)?;
        let tools = environment
            .tools
            .iter()
            .map(|(name, version)| format!("{name} {version}\n"))
            .collect();
        Ok(Self {
            repo,
            steps: Steps::read(&repo.path("crates/sizelab/steps.toml"))?,
            cache,
            environment,
            log,
            again,
            upx,
            tools,
        })
    }

    /// The scales of a worker; the first one's serve where there is only one.
    pub fn scales(&self, worker: usize) -> Scales<'_> {
        Scales {
            cache: &self.cache,
            root: self.repo.root(),
            upx: &self.upx,
            tools: &self.tools,
            room: match worker {
                0 => String::new(),
                other => format!("-{other}"),
            },
        }
    }

    /// The article's program: examples/hello.rs.
    pub fn hello(&self) -> Program {
        Program {
            package: self.repo.path("app"),
            select: vec!["--example".to_owned(), "hello".to_owned()],
            name: "hello".to_owned(),
            folder: "examples",
            argument: "{port}",
        }
    }

    /// Another of the app's examples.
    pub fn example(&self, name: &str) -> Program {
        Program {
            select: vec!["--example".to_owned(), name.to_owned()],
            name: name.to_owned(),
            ..self.hello()
        }
    }

    /// A program of crates/sizelab/programs.
    pub fn program(&self, name: &str) -> Program {
        Program {
            package: self.repo.path("crates/sizelab/programs"),
            select: vec!["--package".to_owned(), format!("hello-{name}")],
            name: format!("hello-{name}"),
            folder: "",
            argument: "{address}",
        }
    }

    /// A table of app/profiles.toml.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn profile(&self, name: &str) -> Result<Profile> {
        profiles::load(&self.repo.path("app/profiles.toml"), name)
    }

    /// The folder from which GCC takes the lld that comes with rustc.
    ///
    /// # Errors
    /// When this rustc has none.
    pub fn lld(&self) -> Result<PathBuf> {
        let rustc = Rustc::find(self.repo.root())?;
        let host = rustc
            .verbose
            .lines()
            .find_map(|line| line.strip_prefix("host: "));
        let folder = rustc
            .sysroot
            .join("lib/rustlib")
            .join(host.context("rustc does not say its host")?)
            .join("bin/gcc-ld");
        ensure!(
            folder.join("ld.lld").is_file(),
            "no lld in {}",
            folder.display()
        );
        Ok(folder)
    }

    /// The unpacked Debian package of crates/sizelab/sources.toml, and its version.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn package(&self, name: &str) -> Result<(PathBuf, String)> {
        package(self.repo, &self.cache, name, &self.log)
    }

    /// Runs `work` for each of some rows and shows how far it is. `work` says whether nothing had
    /// to be done.
    ///
    /// # Errors
    /// Those of `work`, when all rows have been tried, each with its name and the end of the log.
    pub fn each<T>(
        &self,
        rows: &[T],
        name: impl Fn(&T) -> String,
        work: impl Fn(&T) -> Result<bool>,
    ) -> Result<()> {
        let progress = Progress::new(rows.len());
        let mut failed = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            // The display keeps names for the program's lifetime; a run has some sixty rows.
            let name: &'static str = Box::leak(name(row).into_boxed_str());
            let shown = progress.start(index + 1, name);
            match work(row) {
                Ok(cached) => {
                    shown.finish(if cached {
                        Outcome::Cached
                    } else {
                        Outcome::Built
                    });
                }
                Err(error) => {
                    shown.finish(Outcome::Failed);
                    let tail = self.log.tail(20);
                    failed.push(format!("{tail}\n{name}: {error:#}"));
                }
            }
        }
        ensure!(
            failed.is_empty(),
            "{}\nthe log is {}",
            failed.join("\n"),
            self.log.path().display()
        );
        Ok(())
    }
}

/// The machine's own target, which is the article's.
pub fn native() -> Target {
    Target {
        board: None,
        triple: ARTICLE_TARGET.to_owned(),
        rustflags: Vec::new(),
        linker: None,
        strip: "strip".to_owned(),
        bcj: Some("x86".to_owned()),
        runner: None,
        prebuilt_std: true,
    }
}

/// Reads a TOML file.
///
/// # Errors
/// When it cannot be read or is not TOML.
pub fn read_toml(path: &Path) -> Result<toml::Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

fn package(repo: &Repo, cache: &Cache, name: &str, log: &Log) -> Result<(PathBuf, String)> {
    let path = repo.path("crates/sizelab/sources.toml");
    let sources = Sources::load(&path)?;
    let wanted = sources.get(name)?;
    let store = Store::new(cache);
    let source = store.fetch(name, wanted, log, &|text| eprintln!("{text}"))?;
    let unpacked = store.unpack(name, wanted, &source, log)?;
    Ok((unpacked, source.version))
}

fn environment(repo: &Repo, upx: &Path) -> Result<Environment> {
    let first = |command: &mut std::process::Command| -> Result<String> {
        let text = output(command.current_dir(repo.root()))?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    };
    let mut tools = BTreeMap::new();
    tools.insert("rustc".to_owned(), first(tool("rustc").arg("--version"))?);
    tools.insert("gcc".to_owned(), first(tool("gcc").arg("--version"))?);
    tools.insert("upx".to_owned(), first(tool(upx).arg("--version"))?);
    tools.insert(
        "mksquashfs".to_owned(),
        first(tool("mksquashfs").arg("-version"))?,
    );
    let lock = read_toml(&repo.path("app/Cargo.lock"))?;
    Ok(Environment {
        tools,
        crates: versions(&lock, CRATES),
        machine: machine(),
    })
}

/// The versions of some crates in a lock file.
pub fn versions(lock: &toml::Table, names: &[&str]) -> BTreeMap<String, String> {
    let packages = lock.get("package").and_then(toml::Value::as_array);
    packages
        .into_iter()
        .flatten()
        .filter_map(|package| {
            let name = package.get("name")?.as_str()?;
            let version = package.get("version")?.as_str()?;
            names
                .contains(&name)
                .then(|| (name.to_owned(), version.to_owned()))
        })
        .collect()
}

fn machine() -> Machine {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    Machine {
        processor: processor.to_owned(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = toml::from_str(
            "[[package]]\nname = \"http\"\nversion = \"0.2.12\"\n\
             [[package]]\nname = \"other\"\nversion = \"1\"\n",
        )
        .unwrap();
        let found = versions(&lock, &["http", "tokio"]);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("http".to_owned(), "0.2.12".to_owned())]
        );
    }
}
