//! What this product promises is held against its own boards, and never against a board of the
//! user's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use board::units::Bytes;
use board::{Board, Budget};
use buildkit::checkout::Repo;
use serde::{Deserialize, Deserializer};
use walkdir::WalkDir;

const PROMISED: &str = "boards/promised.toml";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Promised {
    every: Every,
    boards: BTreeMap<String, Own>,
}

/// Of each board.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Every {
    slots: usize,
    #[serde(deserialize_with = "bytes")]
    slot_size: Option<Bytes>,
    #[serde(deserialize_with = "bytes")]
    kernel: Option<Bytes>,
    #[serde(deserialize_with = "bytes")]
    server: Option<Bytes>,
}

/// Of one board besides.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Own {
    #[serde(default, deserialize_with = "bytes")]
    server: Option<Bytes>,
    #[serde(default, deserialize_with = "bytes")]
    rootfs: Option<Bytes>,
    #[serde(default, deserialize_with = "bytes")]
    slot: Option<Bytes>,
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn promised(root: &Path) -> Promised {
    let text = fs::read_to_string(root.join(PROMISED)).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{PROMISED}: {error}"))
}

/// The promises that a board.toml breaks.
fn broken(root: &Path) -> Vec<String> {
    let Promised { every, boards } = promised(root);
    let mut broken = Vec::new();
    for (name, own) in &boards {
        let path = Path::new("boards").join(name).join("board.toml");
        let text = fs::read_to_string(root.join(&path))
            .unwrap_or_else(|error| panic!("{PROMISED} names {name}: {error}"));
        let board = Board::parse(&text, &path).unwrap_or_else(|error| panic!("{error}"));
        let mut hold = |what: &str, allowed: Budget, promised: &[Option<Bytes>]| {
            for promised in promised.iter().flatten() {
                if allowed.bytes > *promised {
                    broken.push(format!(
                        "{}: {what}: {} bytes, {promised} promised in {PROMISED}",
                        board.at(allowed.line),
                        allowed.bytes
                    ));
                }
            }
        };
        match board.component("server") {
            Some(server) => hold("server", server.budget, &[every.server, own.server]),
            None => panic!("{}: no component `server`", path.display()),
        }
        if let Some(budget) = board.slot_budget {
            hold("slot", budget, &[own.slot]);
        }
        let slots = board.slots();
        for slot in &slots {
            let line = slot.partitions[0].line;
            let size = Budget {
                bytes: slot.size(),
                line,
            };
            hold("a slot's partitions", size, &[every.slot_size]);
            let roles = [("kernel", every.kernel), ("rootfs", own.rootfs)];
            for (role, promised) in roles {
                let partition = slot.role(role).unwrap_or_else(|| panic!("{name}: {role}"));
                let allowed = Budget {
                    bytes: partition.allowed(),
                    line: partition.allowed_line(),
                };
                hold(role, allowed, &[promised]);
            }
        }
        if slots.len() != every.slots {
            broken.push(format!(
                "{}: {} slots, {} promised in {PROMISED}",
                path.display(),
                slots.len(),
                every.slots
            ));
        }
    }
    broken
}

#[test]
fn no_board_of_the_product_allows_itself_more_than_was_promised() {
    let broken = broken(Repo::find().unwrap().root());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A copy of boards/.
fn scratch() -> tempfile::TempDir {
    let root = Repo::find().unwrap().root().to_owned();
    let copy = tempfile::tempdir().unwrap();
    for entry in WalkDir::new(root.join("boards")) {
        let entry = entry.unwrap();
        let to = copy.path().join(entry.path().strip_prefix(&root).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(to).unwrap();
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), to).unwrap();
        }
    }
    copy
}

/// A map with one system, whose server may take most of it.
fn one_slot(name: &str) -> String {
    format!(
        "name = \"{name}\"\n\
         [flash]\nsize = \"4 MiB\"\nerase-block = \"64 KiB\"\n\
         [[partition]]\nname = \"boot\"\noffset = \"0 KiB\"\nsize = \"512 KiB\"\nimage = \"boot.bin\"\n\
         [[partition]]\nname = \"kernel\"\noffset = \"512 KiB\"\nsize = \"1536 KiB\"\nimage = \"kernel.itb\"\n\
         [[partition]]\nname = \"rootfs\"\noffset = \"2 MiB\"\nsize = \"2 MiB\"\nimage = \"rootfs.squashfs\"\nroot = true\n\
         [[component]]\nname = \"server\"\nfile = \"rootfs.squashfs\"\npath = \"/usr/bin/tinyrust\"\nbudget = \"1 MiB\"\n"
    )
}

#[test]
fn boards_of_the_users_promise_nothing_and_may_have_any_name() {
    let copy = scratch();
    for name in ["camera", "router", "main"] {
        let folder = copy.path().join("boards").join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("board.toml"), one_slot(name)).unwrap();
        Board::load(folder.join("board.toml")).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(broken(copy.path()), [""; 0]);
}

#[test]
fn a_raised_budget_is_told_with_its_line() {
    let copy = scratch();
    let board = promised(copy.path()).boards.keys().next().unwrap().clone();
    let toml = copy.path().join("boards").join(&board).join("board.toml");
    let text = fs::read_to_string(&toml).unwrap();
    let (before, after) = text.split_once("name = \"server\"").unwrap();
    let (path, rest) = after.split_once("budget = \"").unwrap();
    let (_, rest) = rest.split_once('"').unwrap();
    let raised = format!("{before}name = \"server\"{path}budget = \"260_001 B\"{rest}");
    fs::write(&toml, &raised).unwrap();
    let line = raised.lines().position(|line| line.contains("260_001"));
    assert_eq!(
        broken(copy.path()),
        [format!(
            "boards/{board}/board.toml:{}: server: 260,001 bytes, 260,000 promised in {PROMISED}",
            line.unwrap() + 1
        )]
    );
}
