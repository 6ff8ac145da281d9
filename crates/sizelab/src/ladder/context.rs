//! What every measurement needs: the checkout, the cache, the tools, and what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::build::Builder;
use super::inputs::Inputs;
use super::record::{Environment, Machine};
use super::target::Program;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::{Log, output, tool};
use buildkit::files::read_toml;
use buildkit::progress::{Outcome, Progress};
use buildkit::sources::Sources;
use buildkit::store::Store;
use direct::rust_src::Rustc;
use direct::upx;
use rustcheck::profiles::{Choices, Profiles, Resolved, Version};

/// The crates whose versions say most about a size.
const CRATES: &[&str] = &[
    "actix-web",
    "actix-http",
    "actix-server",
    "http",
    "mimalloc",
    "tokio",
];

pub struct StudyContext<'a> {
    pub repo: &'a Repo,
    pub inputs: Inputs,
    /// Finished rows, and Debian's packages.
    pub cache: Cache,
    pub environment: Environment,
    /// Everything that is run writes here.
    pub log: Log,
    /// How programs run is measured again, also where that is known.
    pub again: bool,
    rustc: Rustc,
    upx: PathBuf,
    tools: String,
}

impl<'a> StudyContext<'a> {
    pub fn new(repo: &'a Repo, again: bool) -> Result<Self> {
        let log = Log::create(&repo.path("out/ladder/ladder.log"))?;
        let cache = Cache::from_environment()?;
        let (upx, _) = upx::program(repo, &cache, &log)?;
        let environment = environment(repo, &upx)?;
        let tools = environment
            .tools
            .iter()
            .map(|(name, version)| format!("{name} {version}\n"))
            .collect();
        Ok(Self {
            repo,
            inputs: Inputs::read(repo)?,
            cache,
            environment,
            log,
            again,
            rustc: Rustc::find(repo.root())?,
            upx,
            tools,
        })
    }

    /// The builder of a worker; the first one's serves where there is only one.
    pub fn builder(&self, worker: usize) -> Builder<'_> {
        Builder {
            cache: &self.cache,
            root: self.repo.root(),
            sysroot: &self.rustc.sysroot,
            upx: &self.upx,
            tools: &self.tools,
            suffix: match worker {
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

    /// The same App as the device's own program is served: app/serve/examples/hello.rs.
    pub fn served(&self) -> Program {
        Program {
            package: self.repo.path("app/serve"),
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

    /// A profile of app/profiles.toml, as the compiler spells it.
    pub fn profile(&self, name: &str) -> Result<Resolved> {
        let choices = Choices {
            rebuild_std: true,
            without: Vec::new(),
            keep_symbols: false,
        };
        let rust = Version::parse(&self.rustc.version)?;
        Profiles::read(&self.repo.path("app"))?.resolve(name, rust, &choices)
    }

    /// The folder from which GCC takes the lld that comes with rustc.
    pub fn lld(&self) -> Result<PathBuf> {
        let host = self
            .rustc
            .verbose
            .lines()
            .find_map(|line| line.strip_prefix("host: "));
        let folder = self
            .rustc
            .sysroot
            .join("lib/rustlib")
            .join(host.context("rustc does not report its host")?)
            .join("bin/gcc-ld");
        ensure!(
            folder.join("ld.lld").is_file(),
            "{} has no lld",
            folder.display()
        );
        Ok(folder)
    }

    /// The unpacked Debian package of crates/sizelab/sources.toml, and its version.
    pub fn package(&self, name: &str) -> Result<(PathBuf, String)> {
        let sources = Sources::load(&self.repo.path("crates/sizelab/sources.toml"))?;
        let wanted = sources.get(name)?;
        let store = Store::new(&self.cache);
        let source = store.fetch(name, wanted, &self.log, &|text| eprintln!("{text}"))?;
        let unpacked = store.unpack(name, wanted, &source, &self.log)?;
        Ok((unpacked, source.version))
    }

    /// Runs `work` for each of some rows and shows how far it is. `work` says whether nothing had
    /// to be done. Errors are told when all rows have been tried, each with the end of the log.
    pub fn each(&self, rows: &[String], work: impl Fn(&str) -> Result<bool>) -> Result<()> {
        let progress = Progress::new(rows.len());
        let mut failed = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let shown = progress.start(index + 1, row);
            match work(row) {
                Ok(cached) => shown.finish(Outcome::of(cached)),
                Err(error) => {
                    shown.finish(Outcome::Failed);
                    failed.push(format!("{}\n{row}: {error:#}", self.log.tail(20)));
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
    let lock: toml::Table = read_toml(&repo.path("app/Cargo.lock"))?;
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
