//! scripts/revision, in repositories of its own.

use std::fs;
use std::path::Path;

use buildkit::checkout::Repo;
use buildkit::command::{output, tool};

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = tool(program);
    command.current_dir(folder).args(arguments);
    output(&mut command).unwrap().trim().to_owned()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let me = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    run(folder, "git", &[&me, arguments].concat())
}

/// Writes a file and commits it: the commit's twelve digits.
fn commit(folder: &Path, file: &str) -> String {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, before + "more\n").unwrap();
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", file]);
    git(folder, &["rev-parse", "--short=12", "HEAD"])
}

fn checkout(folder: &Path) {
    let script = Repo::find().unwrap().path("scripts/revision");
    fs::create_dir_all(folder.join("scripts")).unwrap();
    fs::copy(script, folder.join("scripts/revision")).unwrap();
}

fn revision(folder: &Path) -> String {
    run(
        Path::new("/"),
        &folder.join("scripts/revision").to_string_lossy(),
        &[],
    )
}

#[test]
fn only_what_decides_the_image_makes_another_revision() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    checkout(root);
    assert_eq!(revision(root), "unknown");
    git(root, &["init", "--quiet"]);
    commit(root, "docs/a.md");
    assert_eq!(revision(root), "unknown");
    for file in [
        "app/src/main.rs",
        "boards/b/board.toml",
        "crates/direct/src/lib.rs",
    ] {
        let made = commit(root, file);
        for other in [
            "docs/a.md",
            "README.md",
            "app/README.md",
            "app/tests/a.rs",
            "crates/sizelab/src/lib.rs",
            "qemu/src/lib.rs",
        ] {
            commit(root, other);
            assert_eq!(revision(root), made, "{file}, then {other}");
        }
    }
}

#[test]
fn what_is_not_committed_shows_where_it_can_change_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    checkout(root);
    git(root, &["init", "--quiet"]);
    let made = commit(root, "app/src/main.rs");
    fs::write(root.join("app/README.md"), "new").unwrap();
    fs::write(root.join("notes"), "new").unwrap();
    assert_eq!(revision(root), made);
    fs::write(root.join("app/src/main.rs"), "other").unwrap();
    assert_eq!(revision(root), format!("{made}-dirty"));
    git(root, &["checkout", "--quiet", "app/src/main.rs"]);
    fs::write(root.join("app/src/new.rs"), "new").unwrap();
    assert_eq!(revision(root), format!("{made}-dirty"));
}

#[test]
fn a_clone_says_the_same_and_a_shallow_one_a_commit_with_the_same_content() {
    let folder = tempfile::tempdir().unwrap();
    let root = &folder.path().join("root");
    checkout(root);
    git(root, &["init", "--quiet"]);
    let made = commit(root, "app/src/main.rs");
    let last = commit(root, "docs/a.md");
    let address = format!("file://{}", root.display());
    for (name, depth, said) in [("whole", "9", &made), ("shallow", "1", &last)] {
        git(
            folder.path(),
            &["clone", "--quiet", "--depth", depth, &address, name],
        );
        assert_eq!(&revision(&folder.path().join(name)), said, "{name}");
    }
}

#[test]
fn buildroot_and_yocto_ask_the_same_script() {
    let repo = Repo::find().unwrap();
    for file in [
        "br2-external/package/tinyrust/tinyrust.mk",
        "meta-tinyrust/lib/tinyrust/revision.py",
    ] {
        let text = fs::read_to_string(repo.path(file)).unwrap();
        assert!(
            text.contains("/scripts/revision") && !text.contains("rev-parse"),
            "{file}"
        );
    }
}
