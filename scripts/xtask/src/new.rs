//! `cargo xtask new`: a crate of one's own, with what each builder wants of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::checkout::Repo;
use buildkit::command::{output, tool};

use crate::generate::crates_include;

const TEMPLATE: &str = "crates/owncrate/template";

/// What of app/serve a copy needs.
const SERVE: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "src/lib.rs",
];

/// Makes the crate at `path`; its name is the folder's.
pub fn run(repo: &Repo, path: &Path) -> Result<()> {
    let path = std::path::absolute(path)?;
    let shown = path.display().to_string();
    ensure!(
        !path.exists(),
        "{shown} already exists: choose another name"
    );
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{shown} is not the name of a folder"))?;
    require_name(name)?;
    // Beside its place, so that a failure leaves nothing half made.
    let parent = path.parent().context("the path has no parent folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let made = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .tempdir_in(parent)
        .with_context(|| format!("cannot write into {}", parent.display()))?;
    fill(repo, name, made.path())?;
    let made = made.keep();
    fs::rename(&made, &path).with_context(|| format!("cannot create {shown}"))?;
    println!(
        "Created {shown}. Next:\n  cargo test --manifest-path {shown}/Cargo.toml\n  \
         ./qemu/run.sh --crate {shown}"
    );
    Ok(())
}

/// What cargo, make, bitbake and Kconfig take alike.
fn require_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    ensure!(
        starts && name.chars().all(plain) && !name.ends_with('-'),
        "`{name}` is not valid in all of cargo, make and bitbake: use lower-case letters, \
         digits and -"
    );
    if ["tinyrust", "test", "serve"].contains(&name) {
        bail!("`{name}` is taken: choose another name");
    }
    Ok(())
}

fn fill(repo: &Repo, name: &str, into: &Path) -> Result<()> {
    let template = repo.path(TEMPLATE);
    let fill = |text: &str| {
        text.replace("{{project-name}}", name)
            .replace("{{PROJECT_NAME}}", &name.replace('-', "_").to_uppercase())
    };
    for entry in walkdir::WalkDir::new(&template).sort_by_file_name() {
        let entry = entry?;
        let inside = entry.path().strip_prefix(&template)?;
        if entry.file_type().is_dir() || inside == Path::new("cargo-generate.toml") {
            continue;
        }
        let place = into.join(fill(&inside.to_string_lossy()));
        let text = fs::read_to_string(entry.path())
            .with_context(|| format!("cannot read {}", entry.path().display()))?;
        write(&place, &fill(&text))?;
    }
    for file in SERVE {
        let from = repo.path("app/serve").join(file);
        let text =
            fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
        write(&into.join("serve").join(file), &text)?;
    }
    without_tests(&into.join("serve/Cargo.toml"))?;
    let manifest = into.join("Cargo.toml");
    let mut lock = tool("cargo");
    lock.args(["generate-lockfile", "--quiet", "--manifest-path"]);
    output(lock.arg(&manifest).current_dir(into)).context("cargo cannot select the crates")?;
    let lock = fs::read_to_string(into.join("Cargo.lock"))?;
    let include = crates_include(&lock, name)?;
    write(
        &recipe(into, name).join(format!("{name}-crates.inc")),
        &include,
    )
}

/// The copy is a crate of the new one's workspace, and what tests it stays here.
fn without_tests(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    let mut table: toml::Table = toml::from_str(&text)?;
    table.remove("workspace");
    table.remove("dev-dependencies");
    let copied = "# A copy of tinyrust's app/serve, without its tests.\n";
    write(manifest, &format!("{copied}{}", toml::to_string(&table)?))
}

fn recipe(into: &Path, name: &str) -> PathBuf {
    into.join(format!("yocto/recipes-{name}/{name}"))
}

fn write(place: &Path, text: &str) -> Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(place, text).with_context(|| format!("cannot write {}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_every_builder_takes() {
        for name in ["lamp", "lamp-2"] {
            require_name(name).unwrap();
        }
        for name in ["Lamp", "2lamp", "lamp_2", "lamp-", "", "tinyrust"] {
            assert!(require_name(name).is_err(), "{name}");
        }
    }
}
