//! The root file system: the skeleton, the board's overlay, busybox, the server; squashfs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::busybox::Busybox;
use crate::context::Context;
use crate::device_table;
use buildkit::command::{Log, SOURCE_DATE_EPOCH, output, tool};
use buildkit::files::copy;
use buildkit::key::Key;
use buildkit::made::Made;

/// Files larger than this are compressed by themselves, so that the bytes each takes are
/// known exactly; small ones share blocks, where they compress better.
const ALONE: &str = "16k";

/// A finished root file system.
pub struct RootFs {
    /// The squashfs.
    pub image: PathBuf,
    /// The package of each file, in the form of Buildroot's packages-file-list.txt.
    pub packages: PathBuf,
}

/// Makes the root file system, unless it is in the cache; each of `last` is laid over everything
/// before it.
pub fn build(
    context: &Context,
    busybox: &Busybox,
    server: Option<&Path>,
    last: &[PathBuf],
    log: &Log,
) -> Result<Made<RootFs>> {
    let facts = context.board.require(&context.board.rootfs, "rootfs")?;
    let mut options = vec![
        "-comp".to_owned(),
        "xz".to_owned(),
        "-b".to_owned(),
        facts.block_size.get().to_string(),
        "-Xdict-size".to_owned(),
        "100%".to_owned(),
        "-all-root".to_owned(),
        "-no-xattrs".to_owned(),
        "-all-time".to_owned(),
        SOURCE_DATE_EPOCH.to_owned(),
        "-mkfs-time".to_owned(),
        SOURCE_DATE_EPOCH.to_owned(),
        "-action".to_owned(),
        format!("no-fragments@filesize(>{ALONE})"),
    ];
    if let Some(filter) = &facts.bcj {
        options.extend(["-Xbcj".to_owned(), filter.clone()]);
    }
    let mut key = Key::new("rootfs", 2)
        .field("mksquashfs", version()?)
        .field("options", options.join(" "))
        .file("busybox", &busybox.program())?
        .file("links", &busybox.links())?;
    if let Some(server) = server {
        key = key.file("server", server)?;
    }
    for path in context.overlays("rootfs") {
        key = key.tree("overlay", &path, |_| false)?;
    }
    for path in last {
        key = key.tree("last overlay", path, |_| false)?;
    }
    for path in context.overlays("device-table.txt") {
        key = key.file("device-table", &path)?;
    }
    let entry = context.cache.entry("rootfs", &key, log, |rooms| {
        let root = rooms.work.join("root");
        fs::create_dir(&root)?;
        let mut list = String::new();
        for overlay in context.overlays("rootfs") {
            own("skeleton", &lay_over(&overlay, &root)?, &mut list);
        }
        if let Some(server) = server {
            install(server, &root.join("usr/bin/tinyrust"))?;
            own("tinyrust", &["usr/bin/tinyrust".into()], &mut list);
        }
        install(&busybox.program(), &root.join("bin/busybox"))?;
        own("busybox", &["bin/busybox".into()], &mut list);
        link(&fs::read_to_string(busybox.links())?, &root)?;
        for overlay in last {
            own("app", &lay_over(overlay, &root)?, &mut list);
        }
        fs::write(rooms.out.join(PACKAGES), list)?;
        let mut rows = Vec::new();
        for path in context.overlays("device-table.txt") {
            let shown = context.repo.shown(&path).to_string();
            rows.extend(device_table::parse(&fs::read_to_string(&path)?, &shown)?);
        }
        device_table::apply(&rows, &root)?;
        log.run(
            tool("mksquashfs")
                .arg(&root)
                .arg(rooms.out.join(IMAGE))
                .args(["-noappend", "-no-progress", "-quiet"])
                .args(&options)
                // It refuses to be told the time twice.
                .env_remove("SOURCE_DATE_EPOCH"),
        )
    })?;
    Ok(entry.map(|folder| RootFs {
        image: folder.join(IMAGE),
        packages: folder.join(PACKAGES),
    }))
}

const IMAGE: &str = "rootfs.squashfs";
const PACKAGES: &str = "packages-file-list.txt";

/// Adds to the list that `package` has these files; of a file with several packages, the last has
/// it.
fn own(package: &str, files: &[PathBuf], list: &mut String) {
    for file in files {
        *list += &format!("{package},./{}\n", file.display());
    }
}

fn version() -> Result<String> {
    let text = output(tool("mksquashfs").arg("-version"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Copies a tree over another. Modes do not come from the checkout, where they depend on the
/// umask, but from the executable bit, which git keeps. Gives the files, by their paths within.
fn lay_over(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(from).sort_by_file_name() {
        let entry = entry?;
        let inside = entry.path().strip_prefix(from)?;
        let target = to.join(inside);
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        } else if kind.is_symlink() {
            buildkit::files::remove(&target)?;
            symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            let executable = entry.metadata()?.permissions().mode() & 0o100 != 0;
            buildkit::files::remove(&target)?;
            copy(
                entry.path(),
                &target,
                if executable { 0o755 } else { 0o644 },
            )?;
            files.push(inside.to_owned());
        } else {
            bail!("{}: not a file, folder or link", entry.path().display());
        }
    }
    Ok(files)
}

fn install(program: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a program lies in a folder")?;
    fs::create_dir_all(folder)?;
    copy(program, to, 0o755)
}

/// Links busybox' names, one absolute path in a line, to it; where the skeleton has a program
/// of that name, the skeleton's stays.
fn link(names: &str, root: &Path) -> Result<()> {
    for name in names.lines().map(str::trim).filter(|name| !name.is_empty()) {
        let inside = name.trim_start_matches('/');
        let path = root.join(inside);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        symlink(target_of(inside), &path)?;
    }
    Ok(())
}

/// The way from a link to busybox.
fn target_of(inside: &str) -> String {
    match inside.strip_prefix("bin/") {
        Some(name) if !name.contains('/') => "busybox".to_owned(),
        _ => format!("{}bin/busybox", "../".repeat(inside.matches('/').count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_busybox_from_everywhere_and_spare_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::write(root.join("bin/busybox"), "box").unwrap();
        fs::create_dir_all(root.join("sbin")).unwrap();
        fs::write(root.join("sbin/own"), "own").unwrap();
        link(
            "/bin/ls\n/sbin/init\n/usr/bin/env\n/linuxrc\n/sbin/own\n\n",
            root,
        )
        .unwrap();
        for name in ["bin/ls", "sbin/init", "usr/bin/env", "linuxrc"] {
            assert_eq!(
                fs::read_to_string(root.join(name)).unwrap(),
                "box",
                "{name}"
            );
        }
        assert_eq!(
            fs::read_link(root.join("bin/ls")).unwrap(),
            Path::new("busybox")
        );
        assert_eq!(fs::read_to_string(root.join("sbin/own")).unwrap(), "own");
    }

    #[test]
    fn modes_come_from_the_executable_bit_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir_all(from.join("etc")).unwrap();
        fs::create_dir(&to).unwrap();
        for (name, mode) in [("etc/plain", 0o600), ("etc/run", 0o700)] {
            fs::write(from.join(name), "x").unwrap();
            fs::set_permissions(from.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(from.join("etc"), fs::Permissions::from_mode(0o700)).unwrap();
        symlink("/run/x", from.join("etc/link")).unwrap();
        let files = lay_over(&from, &to).unwrap();
        assert_eq!(
            files,
            [PathBuf::from("etc/plain"), PathBuf::from("etc/run")]
        );
        let mode = |name| fs::metadata(to.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode("etc"), mode("etc/plain"), mode("etc/run")),
            (0o755, 0o644, 0o755)
        );
        assert_eq!(
            fs::read_link(to.join("etc/link")).unwrap(),
            Path::new("/run/x")
        );
    }
}
