//! Other servers with the same answer: Rust programs of the same recipe, and Debian's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::steps;
use crate::ladder::build::Sizes;
use crate::ladder::context::{StudyContext, versions};
use crate::ladder::inputs::servers::ServerKind;
use crate::ladder::recipe::Recipe;
use crate::ladder::record::{Measured, Row};
use crate::ladder::runtime::Stopwatch;
use crate::ladder::serve::Launch;
use crate::ladder::target::Target;
use crate::on_flash::files_on_flash;
use buildkit::command::{output, tool};
use buildkit::files::read_toml;
use buildkit::key::sha256;

/// Libraries that the Rust programs link as well: they are on such a system in any case.
const C_LIBRARY: &[&str] = &[
    "libc.so",
    "libm.so",
    "libdl.so",
    "libpthread.so",
    "ld-linux",
];

/// How a server is built; none for those of Debian.
pub fn recipe(context: &StudyContext, name: &str) -> Result<Option<Recipe>> {
    let server = context.inputs.servers.find(name)?;
    if server.package.is_some() {
        return Ok(None);
    }
    let mut recipe = steps::best_recipe(context, &Target::native())?;
    if let Some(name) = &server.program {
        recipe.program = context.program(name);
    }
    Ok(Some(recipe))
}

pub fn measure(
    context: &StudyContext,
    name: &str,
    stopwatch: &Stopwatch,
) -> Result<Option<Measured<Row>>> {
    let server = context.inputs.servers.find(name)?;
    let (version, sizes, launch, cached) = match (&server.package, recipe(context, name)?) {
        (Some(package), _) => {
            let (unpacked, version) = context.package(package)?;
            let (sizes, launch) = packaged(context, server, &unpacked)?;
            (Some(version), sizes, launch, false)
        }
        (None, recipe) => {
            let recipe = recipe.context("the server has neither a program nor a package")?;
            let built = context.builder(0).build(&recipe, &context.log)?;
            let launch = Launch::program(&built.file, None, recipe.program.argument);
            (version(context, server)?, built.sizes, launch, built.cached)
        }
    };
    let (runtime, known) = stopwatch.measure(&launch, &sizes.sha256)?;
    Ok(Some(Measured {
        row: Row {
            id: name.to_owned(),
            version,
            sizes,
            runtime: Some(runtime),
        },
        cached: cached && known,
    }))
}

/// The version of a server's crate in the lock file.
fn version(context: &StudyContext, server: &ServerKind) -> Result<Option<String>> {
    let Some(krate) = &server.krate else {
        return Ok(None);
    };
    let lock = match server.program {
        Some(_) => "crates/sizelab/programs/Cargo.lock",
        None => "app/Cargo.lock",
    };
    let found = versions(&read_toml(&context.repo.path(lock))?, &[krate]).remove(krate.as_str());
    found
        .map(Some)
        .with_context(|| format!("{lock} has no {krate}"))
}

fn packaged(
    context: &StudyContext,
    server: &ServerKind,
    package: &Path,
) -> Result<(Sizes, Launch)> {
    let folder = context.repo.path("out/ladder/servers");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(context.repo.path("crates/sizelab/servers"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    let mut files = server
        .files
        .iter()
        .map(|file| package.join(file))
        .collect::<Vec<_>>();
    for program in files.clone() {
        files.extend(libraries(&program)?);
    }
    let sizes = files.iter().map(|file| Ok(fs::metadata(file)?.len()));
    let elf = sizes.sum::<Result<u64>>()?;
    let bcj = Target::native().bcj;
    let flash = files_on_flash(&files, bcj.as_deref(), "1M", &folder, &context.log)?;
    let contents = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let place = |word: &String| {
        word.replace("{package}", &package.display().to_string())
            .replace("{folder}", &folder.display().to_string())
    };
    let sizes = Sizes {
        elf,
        upx: None,
        flash,
        build_seconds: 0.0,
        sha256: sha256(&contents.concat()),
    };
    let command = server.command.iter().map(place).collect();
    Ok((sizes, Launch { command, folder }))
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
}
