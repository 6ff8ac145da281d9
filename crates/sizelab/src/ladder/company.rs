//! Other servers with the same answer: `crates/sizelab/company.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::bench::{Bench, native, read_toml, versions};
use super::recipe::Recipe;
use super::record::{Row, ladder_id};
use super::runtime::Stopwatch;
use super::serve::Launch;
use super::suite;
use super::weigh::Weight;
use crate::on_flash::files_on_flash;
use buildkit::command::{output, tool};
use buildkit::key::sha256;

/// Libraries that the Rust programs link as well: they are on such a system in any case.
const C_LIBRARY: &[&str] = &[
    "libc.so",
    "libm.so",
    "libdl.so",
    "libpthread.so",
    "ld-linux",
];

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    schema: u32,
    /// In the order of the page.
    pub server: Vec<Server>,
}

/// A server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// What rows are named by.
    pub name: String,
    /// What tables call it.
    pub title: String,
    /// The crate whose version tables name.
    #[serde(rename = "crate")]
    krate: Option<String>,
    /// A program of crates/sizelab/programs; without it and without a package, examples/hello.rs.
    program: Option<String>,
    /// A package of crates/sizelab/sources.toml.
    package: Option<String>,
    /// What of it is on flash, besides the libraries it is linked with.
    #[serde(default)]
    files: Vec<PathBuf>,
    /// How it is started.
    #[serde(default)]
    command: Vec<String>,
}

impl Company {
    /// Reads the servers.
    ///
    /// # Errors
    /// When the file is missing or has something unknown.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let company: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(company.schema == 1, "{}: unknown schema", path.display());
        Ok(company)
    }

    /// The names of all servers.
    pub fn rows(&self) -> Vec<String> {
        self.server
            .iter()
            .map(|server| server.name.clone())
            .collect()
    }

    /// How a server is built; none for those of Debian.
    ///
    /// # Errors
    /// When there is no such server.
    pub fn recipe(&self, bench: &Bench, id: &str) -> Result<Option<Recipe>> {
        let server = self.server.iter().find(|server| server.name == id);
        let server = server.with_context(|| format!("no server `{id}`"))?;
        match server.package {
            Some(_) => Ok(None),
            None => server.recipe(bench).map(Some),
        }
    }

    /// Measures servers.
    ///
    /// # Errors
    /// Those of the servers that fail.
    pub fn measure(
        &self,
        bench: &Bench,
        ids: &[String],
        keep: impl Fn(Row) -> Result<()>,
    ) -> Result<()> {
        let stopwatch = suite::stopwatch(bench, &native())?;
        let chosen = self
            .server
            .iter()
            .filter(|server| ids.contains(&server.name));
        let chosen = chosen.collect::<Vec<_>>();
        bench.each(
            &chosen,
            |server| server.name.clone(),
            |server| {
                let (row, cached) = server.measure(bench, &stopwatch)?;
                keep(row)?;
                Ok(cached)
            },
        )
    }
}

impl Server {
    fn measure(&self, bench: &Bench, stopwatch: &Stopwatch) -> Result<(Row, bool)> {
        let (version, (weight, launch, cached)) = match &self.package {
            Some(package) => {
                let (unpacked, version) = bench.package(package)?;
                let (weight, launch) = self.debian(bench, &unpacked)?;
                (Some(version), (weight, launch, false))
            }
            None => (self.version(bench)?, self.rust(bench)?),
        };
        let (runtime, known) = stopwatch.measure(&launch, &weight.sha256)?;
        let row = Row {
            version,
            id: self.name.clone(),
            weight,
            runtime: Some(runtime),
        };
        Ok((row, cached && known))
    }

    /// The version of its crate in the lock file.
    fn version(&self, bench: &Bench) -> Result<Option<String>> {
        let Some(krate) = &self.krate else {
            return Ok(None);
        };
        let lock = match self.program {
            Some(_) => "crates/sizelab/programs/Cargo.lock",
            None => "app/Cargo.lock",
        };
        let lock = read_toml(&bench.repo.path(lock))?;
        let found = versions(&lock, &[krate]).remove(krate.as_str());
        Ok(Some(
            found.with_context(|| format!("no {krate} in its lock file"))?,
        ))
    }

    fn recipe(&self, bench: &Bench) -> Result<Recipe> {
        let best = ladder_id("release", &bench.steps.everything());
        let mut recipe = suite::recipe(bench, &native(), &best)?;
        if let Some(name) = &self.program {
            recipe.program = bench.program(name);
        }
        Ok(recipe)
    }

    fn rust(&self, bench: &Bench) -> Result<(Weight, Launch, bool)> {
        let recipe = self.recipe(bench)?;
        let weighed = bench.scales(0).weigh(&recipe, &bench.log)?;
        let launch = Launch::program(&weighed.file, None, recipe.program.argument);
        Ok((weighed.weight, launch, weighed.cached))
    }

    fn debian(&self, bench: &Bench, package: &Path) -> Result<(Weight, Launch)> {
        let folder = bench.repo.path("out/ladder/servers");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(bench.repo.path("crates/sizelab/servers"))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
        let mut files = self
            .files
            .iter()
            .map(|file| package.join(file))
            .collect::<Vec<_>>();
        for program in files.clone() {
            files.extend(libraries(&program)?);
        }
        let sizes = files.iter().map(|file| Ok(fs::metadata(file)?.len()));
        let elf = sizes.sum::<Result<u64>>()?;
        let bcj = native().bcj;
        let flash = files_on_flash(&files, bcj.as_deref(), "1M", &folder, &bench.log)?;
        let contents = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
        let place = |word: &String| {
            word.replace("{package}", &package.display().to_string())
                .replace("{folder}", &folder.display().to_string())
        };
        let weight = Weight {
            elf,
            upx: None,
            flash,
            build_seconds: 0.0,
            sha256: sha256(&contents.concat()),
        };
        let command = self.command.iter().map(place).collect();
        Ok((weight, Launch { command, folder }))
    }
}

/// The shared libraries of a program but for the C library, as the loader finds them here.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let printed = output(tool("ldd").arg(program))?;
    ensure!(
        !printed.contains("not found"),
        "{}: {printed}",
        program.display()
    );
    let mut found = Vec::new();
    for path in printed.lines().filter_map(library) {
        found.push(fs::canonicalize(path)?);
    }
    Ok(found)
}

/// The path in a line of ldd's, unless it is the C library's.
fn library(line: &str) -> Option<&str> {
    let path = line.split_whitespace().find(|word| word.starts_with('/'))?;
    let name = path.rsplit('/').next()?;
    let known = C_LIBRARY.iter().any(|library| name.starts_with(library));
    (!known).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::Repo;

    #[test]
    fn the_c_library_does_not_count() {
        assert_eq!(
            library("\tlibssl.so.3 => /lib/libssl.so.3 (0x7f)"),
            Some("/lib/libssl.so.3")
        );
        assert_eq!(library("\tlibc.so.6 => /lib/libc.so.6 (0x7f)"), None);
        assert_eq!(library("\t/lib64/ld-linux-x86-64.so.2 (0x7f)"), None);
        assert_eq!(library("\tlinux-vdso.so.1 (0x7ffc)"), None);
    }

    #[test]
    fn every_server_is_a_program_of_ours_or_a_package_that_is_listed() {
        let repo = Repo::find().unwrap();
        let company = Company::read(&repo.path("crates/sizelab/company.toml")).unwrap();
        let sources =
            buildkit::sources::Sources::load(&repo.path("crates/sizelab/sources.toml")).unwrap();
        for server in &company.server {
            if let Some(program) = &server.program {
                let manifest = format!("crates/sizelab/programs/{program}/Cargo.toml");
                assert!(repo.path(&manifest).is_file(), "{manifest}");
            }
            if let Some(package) = &server.package {
                sources.get(package).unwrap();
                assert!(!server.command.is_empty() && !server.files.is_empty());
            }
        }
    }
}
