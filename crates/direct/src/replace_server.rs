//! A program of somebody else's in the server's place: `cargo xtask image --server FILE`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use object::{Object, ObjectSection};

use crate::cargo_build::App;
use buildkit::cache::Cache;
use buildkit::command::Log;
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;

/// The programs of an image with another server, unless they are in the cache.
pub fn replace(cache: &Cache, app: &App, server: &Path, log: &Log) -> Result<Made<App>> {
    fit(&fs::read(app.program("tinyrust"))?, server)?;
    let key = Key::new("server", 1)
        .file("server", server)?
        .file("hello", &app.program("hello"))?;
    let entry = cache.entry("server", &key, log, |rooms| {
        copy(&app.program("hello"), &rooms.out.join("hello"), 0o755)?;
        copy(server, &rooms.out.join("tinyrust"), 0o755)?;
        App::flags_unknown(rooms.out, "the server was supplied, not built here")
    })?;
    Ok(entry.map(App::at))
}

/// Fails where the new program cannot run where the old one does.
fn fit(old: &[u8], server: &Path) -> Result<()> {
    let shown = server.display();
    let data = fs::read(server).with_context(|| format!("cannot read {shown}"))?;
    let new = object::File::parse(&*data)
        .with_context(|| format!("{shown} is not a program: name an ELF file"))?;
    let old = object::File::parse(old)?;
    let kind = |file: &object::File| {
        let bits = if file.is_64() { 64 } else { 32 };
        let order = if file.is_little_endian() {
            "little"
        } else {
            "big"
        };
        format!("{:?}, {bits} bits, {order} endian", file.architecture())
    };
    ensure!(
        kind(&new) == kind(&old),
        "{shown} is built for {}, but the board's programs for {}",
        kind(&new),
        kind(&old)
    );
    ensure!(
        !new.sections()
            .any(|section| section.name() == Ok(".interp")),
        "{shown} is linked dynamically, but the device has no libraries: link it statically \
         (-Ctarget-feature=+crt-static)"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_machine_is_linked_dynamically_and_text_is_no_program() {
        let own = std::env::current_exe().unwrap();
        let error = fit(&fs::read(&own).unwrap(), &own).unwrap_err().to_string();
        assert!(error.contains("linked dynamically"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        fs::write(&text, "#!/bin/sh\n").unwrap();
        let error = fit(&fs::read(&own).unwrap(), &text).unwrap_err();
        assert!(format!("{error:#}").contains("name an ELF file"));
    }

    #[test]
    fn a_program_for_another_processor_is_refused_with_both_names() {
        let own = std::env::current_exe().unwrap();
        let mut other = fs::read(&own).unwrap();
        // e_machine, offset 18 in the ELF header (System V ABI, chapter 4): 243 is RISC-V.
        other[18] = 243;
        other[19] = 0;
        let error = fit(&other, &own).unwrap_err().to_string();
        assert!(
            error.contains("Riscv64") && error.contains("the board's programs"),
            "{error}"
        );
    }
}
