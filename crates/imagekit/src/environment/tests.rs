//! What the composed commands do, by carrying them out.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const COMMON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../boards/common/u-boot.env"
);

/// A board's folder with a board.toml and a u-boot.env.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(toml: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("board.toml", toml);
        folder.write("u-boot.env", "loadaddr=0x83000000\nconsole=ttyS0\n");
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn board(&self) -> Board {
        Board::load(self.0.path().join("board.toml")).unwrap()
    }

    fn compose(&self) -> Result<String> {
        compose(
            &self.board(),
            &[COMMON.into(), self.0.path().join("u-boot.env")],
        )
    }
}

/// A board.toml of these systems; the empty name is a system without a slot.
fn map(slots: &[String], role: &str, flash: &str) -> String {
    let mut text = format!(
        "[flash]\nsize = \"{} KiB\"\nerase-block = \"1 KiB\"\n{flash}\n",
        slots.len() * 5
    );
    for (at, slot) in slots.iter().enumerate() {
        let (of, key) = match slot.as_str() {
            "" => (String::new(), String::new()),
            name => (format!("-{name}"), format!("slot = \"{name}\"\n")),
        };
        text += &format!(
            "[[partition]]\nname = \"{role}{of}\"\n{key}offset = \"{} KiB\"\nsize = \"2 KiB\"\n\
             image = \"kernel.itb\"\n[[partition]]\nname = \"system{of}\"\n{key}offset = \"{} KiB\"\n\
             size = \"3 KiB\"\nimage = \"rootfs.squashfs\"\nroot = true\n",
            at * 5,
            at * 5 + 2,
        );
    }
    text
}

/// U-Boot's shell, as far as these commands need it; no kernel starts, so that all are tried.
#[derive(Default)]
struct Shell {
    variables: BTreeMap<String, String>,
    /// Where each kernel was read, and its command line.
    booted: Vec<(String, String)>,
}

impl Shell {
    fn of(environment: &str) -> Self {
        let lines = environment
            .lines()
            .map(|line| line.split_once('=').unwrap());
        let variables = lines.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            variables: variables.collect(),
            ..Self::default()
        }
    }

    fn get(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    fn expand(&self, text: &str) -> String {
        let mut parts = text.split("${");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            out += &self.get(name);
            out += rest;
        }
        out
    }

    fn run(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("if ") {
            let rest = rest.strip_suffix(" fi").unwrap();
            let (branches, default) = rest.split_once("else ").unwrap();
            for branch in branches.split("elif ") {
                let (condition, then) = branch.split_once("; then ").unwrap();
                let condition = self.expand(condition);
                let words: Vec<&str> = condition.split_whitespace().collect();
                let ["test", left, "=", right] = words[..] else {
                    panic!("{condition}")
                };
                if left.trim_matches('"') == right {
                    return self.run(then);
                }
            }
            return self.run(default);
        }
        for part in text.split(';') {
            for command in part.split("&&") {
                if !self.command(command.trim()) {
                    break;
                }
            }
        }
    }

    fn command(&mut self, command: &str) -> bool {
        let command = self.expand(command);
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            [] | ["echo", ..] | ["fdt", "addr", _] => {}
            ["run", name] => {
                let text = self.get(name);
                assert!(!text.is_empty(), "run {name}");
                self.run(&text);
            }
            ["setenv", name] => drop(self.variables.remove(name)),
            ["setenv", name, ref value @ ..] => {
                self.variables.insert(name.to_owned(), value.join(" "));
            }
            ["fdt", "header", "get", name, _] => {
                self.variables.insert(name.to_owned(), "0x40".to_owned());
            }
            ["cp.b", from, _to, "0x40"] => {
                self.variables.insert("read".to_owned(), from.to_owned());
            }
            ["bootm", "0x83000000"] => {
                self.booted.push((self.get("read"), self.get("bootargs")));
                return false;
            }
            _ => panic!("U-Boot has no command {command:?}"),
        }
        true
    }
}

/// What each system's attempt must have been: kernel's address, root, slot.
fn attempt(board: &Board, slot: &str) -> (String, String) {
    let of = |root: bool| {
        let mine = board
            .partitions
            .iter()
            .filter(|p| p.slot.as_deref().unwrap_or_default() == slot);
        mine.into_iter().find(|p| p.root == root).unwrap()
    };
    let kernel = board
        .flash
        .mapped_at
        .unwrap()
        .checked_add(of(false).offset)
        .unwrap();
    let slot = if slot.is_empty() {
        String::new()
    } else {
        format!(" slot={slot}")
    };
    (
        kernel.to_string(),
        format!(
            "root=/dev/mtdblock{} ro rootfstype=squashfs{slot} console=ttyS0 panic=10 print-fatal-signals=1",
            of(true).mtd
        ),
    )
}

proptest! {
    #[test]
    fn every_system_of_the_map_is_tried_once_and_the_chosen_one_first(
        names in slots(),
        role in "[a-z][a-z_-]{0,6}[a-z]",
    ) {
        prop_assume!(role != "system");
        let folder = Folder::new(&map(&names, &role, "mapped-at = 0x1000"));
        let board = folder.board();
        let text = folder.compose().unwrap();
        for chosen in &names {
            let mut shell = Shell::of(&text);
            shell.variables.insert("slot".to_owned(), chosen.clone());
            shell.run(&shell.get("bootcmd"));
            let others = names.iter().filter(|name| *name != chosen);
            let wanted: Vec<_> =
                std::iter::once(chosen).chain(others).map(|slot| attempt(&board, slot)).collect();
            prop_assert_eq!(shell.booted, wanted);
        }
        // A name that no slot has: the first.
        let mut shell = Shell::of(&text);
        shell.variables.insert("slot".to_owned(), "-".to_owned());
        shell.run(&shell.get("bootcmd"));
        prop_assert_eq!(&shell.booted[0], &attempt(&board, &names[0]));
    }

    #[test]
    fn no_text_makes_the_check_panic(value in ".{0,60}") {
        let folder = Folder::new(&map(&[String::new()], "kernel", "mapped-at = 0x1000"));
        let entry = Entry { name: "x".to_owned(), value, origin: "f:1".to_owned() };
        let _ = variables::check(&folder.board(), &[entry]);
    }
}

/// Names of slots in any order.
fn slots() -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("[a-z0-9]{1,6}", 1..5)
        .prop_map(|names| names.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

#[test]
fn one_system_without_slots_boots() {
    let folder = Folder::new(&map(&[String::new()], "kernel", "mapped-at = 0x1000"));
    let mut shell = Shell::of(&folder.compose().unwrap());
    shell.run(&shell.get("bootcmd"));
    assert_eq!(shell.booted, [attempt(&folder.board(), "")]);
}

#[test]
fn a_chip_that_is_not_mapped_wants_commands_that_read_it() {
    let slots = ["0".to_owned(), "1".to_owned()];
    let folder = Folder::new(&map(&slots, "kernel", ""));
    let error = folder.compose().unwrap_err().to_string();
    for part in [
        "(slots 0, 1) use undefined names",
        "boards/common/u-boot.env:8: load uses ${kernel}, which nothing sets: add `mapped-at` to [flash]",
        "board.toml:2), or add commands",
    ] {
        assert!(error.contains(part), "no {part} in:\n{error}");
    }
    folder.write(
        "u-boot.env",
        "loadaddr=0x83000000\nconsole=ttyS0\n\
         load=sf probe && sf read ${loadaddr} ${kernel_offset} \\\n    ${kernel_size}\n",
    );
    let text = folder.compose().unwrap();
    assert!(
        text.contains("\nload=sf probe && sf read ${loadaddr} ${kernel_offset} ${kernel_size}\n")
    );
    assert!(
        text.contains(
            "\nboot_1=setenv system Slot 1; setenv slot_arg slot=1; \
        setenv kernel_offset ${kernel_offset_1}; setenv kernel_size ${kernel_size_1}; \
        setenv root ${root_1}; run start\n"
        ),
        "{text}"
    );
}

#[test]
fn what_nothing_sets_is_named_with_its_line() {
    let folder = Folder::new(&map(&["a".to_owned()], "kernel", "mapped-at = 0x1000"));
    for (own, said) in [
        (
            "console=x\n",
            "u-boot.env:6: start uses ${loadaddr}, which nothing sets: set it in the u-boot.env beside",
        ),
        (
            "console=x\nloadaddr=1\nargs=setenv bootargs ${mtdparts}\n",
            "u-boot.env:3: args uses ${mtdparts}",
        ),
        (
            "console=x\nloadaddr=1\nbootcmd=run boot_c\n",
            "u-boot.env:3: bootcmd runs boot_c, which nothing sets",
        ),
        (
            "console=x\nloadaddr=1\nx=echo $nobody\n",
            "u-boot.env:3: x uses ${nobody}",
        ),
        (
            "console ttyS0\n",
            "u-boot.env:1: \"console ttyS0\" does not set a variable",
        ),
    ] {
        folder.write("u-boot.env", own);
        let error = folder.compose().unwrap_err().to_string();
        assert!(error.contains(said), "no {said} in:\n{error}");
    }
    // What a command sets, and what U-Boot does.
    folder.write(
        "u-boot.env",
        "console=x\nloadaddr=1\nx=if env set -f y 1; then setexpr z ${y} + 1; fi; echo ${z} ${filesize}\n",
    );
    folder.compose().unwrap();
}

#[test]
fn a_map_without_a_kernel_is_refused_unless_the_board_has_commands_of_its_own() {
    let text =
        map(&["a".to_owned()], "kernel", "mapped-at = 0x1000").replace("kernel.itb", "zImage");
    let folder = Folder::new(&text);
    let error = folder.compose().unwrap_err().to_string();
    let said = "board.toml:5: bootcmd has nothing to start (slot a): none of kernel-a, system-a \
                has image";
    assert!(error.contains(said), "{error}");
    folder.write(
        "u-boot.env",
        "loadaddr=1\nconsole=x\nkernel=2\nroot=x\nsystem=S\nslot_arg=a\nbootcmd=bootz 1\n",
    );
    assert!(folder.compose().unwrap().contains("bootcmd=bootz 1\n"));
}

#[test]
fn every_board_of_the_tree_has_an_environment() {
    let boards = Path::new(COMMON).parent().unwrap().parent().unwrap();
    for name in board::names(boards).unwrap() {
        let folder = boards.join(&name);
        let board = Board::load(folder.join("board.toml")).unwrap();
        if board.u_boot.is_some() {
            let files = [COMMON.into(), folder.join("u-boot.env")];
            compose(&board, &files).unwrap_or_else(|error| panic!("{error:#}"));
        }
    }
}

#[test]
fn an_environment_that_could_not_be_saved_is_refused() {
    let slots = ["a".to_owned()];
    let u_boot = "[u-boot]\ndefconfig = \"b_defconfig\"\nfiles = []\n[u-boot.environment]\n\
        partition = \"env\"\nin = \"spi-flash\"\ncopies = 2\nsize = \"1 KiB\"\n";
    let env = "[[partition]]\nname = \"env\"\noffset = \"5 KiB\"\nsize = \"2 KiB\"\n";
    let text =
        map(&slots, "kernel", "mapped-at = 0x1000").replace("size = \"5 KiB\"", "size = \"7 KiB\"");
    let folder = Folder::new(&format!("{u_boot}{text}{env}"));
    folder.compose().unwrap();
    let long = format!("loadaddr=0\nconsole=x\nnote={}\n", "x".repeat(1024));
    folder.write("u-boot.env", &long);
    let error = folder.compose().unwrap_err().to_string();
    assert!(
        error.contains("1,024 allowed (") && error.contains("board.toml:4: size), over by"),
        "{error}"
    );
}
