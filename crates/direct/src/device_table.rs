//! Device tables: what git cannot keep of a root file system.
//!
//! The format is makedevs' (Buildroot's package/makedevs/README): name, type, mode, uid, gid,
//! and five fields for device nodes, which devtmpfs makes here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// A line of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The path, from the root of the file system, without a `/` in front.
    path: String,
    folder: bool,
    mode: u32,
}

/// Reads a table; `shown` is what messages call it.
pub fn parse(text: &str, shown: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if !line.trim().is_empty() && !line.starts_with('#') {
            rows.push(row(line).with_context(|| format!("{shown}:{}", at + 1))?);
        }
    }
    Ok(rows)
}

fn row(line: &str) -> Result<Row> {
    let fields = line.split_whitespace().collect::<Vec<_>>();
    let [name, kind, mode, uid, gid, ..] = fields[..] else {
        bail!("{line:?}: expected name, type, mode, uid and gid");
    };
    let path = name.strip_prefix('/').context("a name must start with /")?;
    ensure!(
        Path::new(path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_))),
        "{name:?}: expected a plain path"
    );
    let mode = u32::from_str_radix(mode, 8).with_context(|| format!("mode {mode:?}"))?;
    ensure!(mode <= 0o7777, "mode {mode:o}: the highest is 7777");
    ensure!(
        (uid, gid) == ("0", "0"),
        "{name}: uid {uid} and gid {gid}: read-only files belong to root, 0 and 0"
    );
    Ok(Row {
        path: path.to_owned(),
        folder: match kind {
            "d" => true,
            "f" => false,
            _ => bail!(
                "type {kind:?}: expected d (folder) or f (file); device nodes come from devtmpfs"
            ),
        },
        mode,
    })
}

/// Gives a staged root file system the folders and modes of a table.
pub fn apply(rows: &[Row], root: &Path) -> Result<()> {
    for row in rows {
        let path = root.join(&row.path);
        if row.folder {
            fs::create_dir_all(&path)
                .with_context(|| format!("cannot create {}", path.display()))?;
        }
        let data = path.symlink_metadata().with_context(|| {
            format!(
                "/{}: in the device table, but not in the file system",
                row.path
            )
        })?;
        ensure!(
            data.is_dir() == row.folder,
            "/{}: its type differs from the device table",
            row.path
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(row.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folders_are_made_and_modes_set() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("etc")).unwrap();
        fs::write(folder.path().join("etc/shadow"), "").unwrap();
        let text = "# c\n/tmp d 1777 0 0 - - - - -\n/etc/shadow\tf\t640\t0\t0\n";
        let rows = parse(text, "t").unwrap();
        apply(&rows, folder.path()).unwrap();
        let mode = |name| {
            fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(mode("tmp") & 0o7777, 0o1777);
        assert_eq!(mode("etc/shadow") & 0o7777, 0o640);
    }

    #[test]
    fn a_file_that_is_not_there_and_a_line_that_says_nothing_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let rows = parse("/etc/shadow f 640 0 0\n", "t").unwrap();
        assert!(apply(&rows, folder.path()).is_err());
        for line in [
            "/a",
            "/a c 600 0 0",
            "a d 755 0 0",
            "/../a d 755 0 0",
            "/a d 9 0 0",
            "/a d 755 80 0",
        ] {
            let error = parse(&format!("\n{line}\n"), "table").unwrap_err();
            assert!(
                format!("{error:#}").starts_with("table:2"),
                "{line}: {error:#}"
            );
        }
    }

    const GOOD: &str = "# comment\n/tmp d 1777 0 0 - - - - -\n/etc/shadow f 640 0 0 - - - - -\n";

    proptest! {
        #[test]
        fn a_damaged_table_is_survived(at in 0..GOOD.len(), cut in 0..9_usize, piece in "\\PC{0,6}") {
            let rest = GOOD.get(at + cut..).unwrap_or_default();
            let text = format!("{}{piece}{rest}", &GOOD[..at]);
            let _ = parse(&text, "t");
        }
    }
}
