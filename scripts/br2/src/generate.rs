//! The generated part of br2-external/: facts of boards/ and app/ in Buildroot's words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use flashfit::board::Board;
use flashfit::layout::{self, Format};

use crate::{builders, profiles};

/// The board that `make tinyrust_defconfig` is for.
const DEFAULT_BOARD: &str = include_str!("../../../boards/default").trim_ascii();

/// Writes all generated files, or with `check` compares them.
///
/// # Errors
/// When a source cannot be used, a file cannot be written, or one is stale.
pub fn run(repo: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in files(repo)? {
        let full = repo.join(&path);
        let have = std::fs::read_to_string(&full).unwrap_or_default();
        if have == text {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
            continue;
        }
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&full, text).with_context(|| format!("cannot write {}", full.display()))?;
        println!("{}", path.display());
    }
    ensure!(
        stale.is_empty(),
        "stale, run `cargo run -p tinyrust-br2 -- generate`:\n  {}",
        stale.join("\n  ")
    );
    Ok(())
}

/// Every generated file with its text, paths from the repository's root.
fn files(repo: &Path) -> Result<Vec<(PathBuf, String)>> {
    let external = Path::new("br2-external");
    let generated = external.join("generated");
    let boards = boards(repo)?;
    let mut all = vec![
        (
            generated.join("profiles.vars"),
            profiles::render(&repo.join("app"))?,
        ),
        (
            external.join("Config.boards.in"),
            boards_menu(repo, &boards)?,
        ),
    ];
    let docs = Path::new("docs");
    let page = builders::render(&repo.join(docs).join("builders"))?;
    all.push((docs.join("builders.md"), page));
    let template = std::fs::read_to_string(repo.join(external).join("defconfig.in"))
        .context("cannot read br2-external/defconfig.in")?;
    for board in &boards {
        let folder = repo.join("boards").join(board);
        let toml = folder.join("board.toml");
        let common = repo.join("boards/common/u-boot.env");
        all.push((generated.join(format!("{board}.vars")), board_vars(&toml)?));
        all.push((
            generated.join(format!("{board}.env")),
            board_env(&toml, Some(&common))?,
        ));
        let text = defconfig(&template, &folder, board)?;
        if board == DEFAULT_BOARD {
            all.push((external.join("configs/tinyrust_defconfig"), text.clone()));
        }
        let name = format!("tinyrust_{}_defconfig", board.replace('-', "_"));
        all.push((external.join("configs").join(name), text));
    }
    Ok(all)
}

/// The boards that say in a `buildroot.config` what Buildroot calls their CPU.
fn boards(repo: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(repo.join("boards")).context("cannot read boards/")? {
        let path = entry?.path();
        if path.join("board.toml").is_file()
            && path.join("buildroot.config").is_file()
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    ensure!(
        names.iter().any(|name| name == DEFAULT_BOARD),
        "boards/{DEFAULT_BOARD} has no buildroot.config"
    );
    Ok(names)
}

fn load(toml: &Path) -> Result<Board> {
    Board::load(toml).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The board's variables, under names that cannot meet Buildroot's.
///
/// # Errors
/// When the board.toml cannot be used.
pub fn board_vars(toml: &Path) -> Result<String> {
    let text = layout::render(&load(toml)?, Format::Make)?;
    Ok(text
        .lines()
        .map(|line| match line.chars().next() {
            Some(first) if first.is_ascii_uppercase() => format!("TINYRUST_{line}\n"),
            _ => format!("{line}\n"),
        })
        .collect())
}

/// U-Boot's default environment: what all boards share, the board's own, the flash map.
///
/// # Errors
/// When a file cannot be read or the board.toml cannot be used.
pub fn board_env(toml: &Path, common: Option<&Path>) -> Result<String> {
    let own = toml.with_file_name("u-boot.env");
    let mut text = String::new();
    for path in common
        .into_iter()
        .chain(own.is_file().then_some(own.as_path()))
    {
        text += &std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    // Comments are dropped: what stands in this file is compiled in.
    let map = layout::render(&load(toml)?, Format::UBootEnv)?;
    let lines = text.lines().chain(map.lines());
    Ok(lines
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect())
}

fn symbol(board: &str) -> String {
    format!(
        "BR2_TINYRUST_BOARD_{}",
        board.to_uppercase().replace('-', "_")
    )
}

/// The choice of boards.
fn boards_menu(repo: &Path, boards: &[String]) -> Result<String> {
    let mut out = String::from("# Generated by tinyrust-br2 from boards/. Do not edit.\n\n");
    out += "choice\n\tprompt \"Board\"\n";
    writeln!(out, "\tdefault {}", symbol(DEFAULT_BOARD))?;
    out += "\thelp\n\t  Whose facts are built in: flash map, budgets, compiler\n\
            \t  flags. They stand in boards/<board>/.\n\n";
    for board in boards {
        let toml = repo.join("boards").join(board).join("board.toml");
        let title = load(&toml)?.title.unwrap_or_else(|| board.clone());
        writeln!(
            out,
            "config {}\n\tbool \"{}\"\n",
            symbol(board),
            title.replace('"', "'")
        )?;
    }
    out += "config BR2_TINYRUST_BOARD_CUSTOM\n\tbool \"A board of your own\"\n\
            \thelp\n\t  A folder with a board.toml, and beside it board.vars\n\
            \t  and board.env, which docs/buildroot.md tells how to make.\n\nendchoice\n\n";
    out += "config BR2_TINYRUST_BOARD_DIR\n\
            \tstring \"Folder of the board\" if BR2_TINYRUST_BOARD_CUSTOM\n";
    for board in boards {
        writeln!(
            out,
            "\tdefault \"$(BR2_EXTERNAL_TINYRUST_PATH)/../boards/{board}\" if {}",
            symbol(board)
        )?;
    }
    out += "\thelp\n\t  The folder that holds board.toml.\n";
    Ok(out)
}

/// The template with the board's facts in it.
///
/// `@NAME@` alone on a line stands for several lines.
fn defconfig(template: &str, folder: &Path, board: &str) -> Result<String> {
    let facts = load(&folder.join("board.toml"))?;
    let own = std::fs::read_to_string(folder.join("buildroot.config"))?;
    let own_lines = |prefix: fn(&str) -> bool| {
        own.lines()
            .filter(|line| {
                (line.starts_with("BR2_") || line.ends_with(" is not set")) && prefix(line)
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    let is_u_boot = |line: &str| line.contains("BR2_TARGET_UBOOT");
    let u_boot = facts
        .u_boot
        .as_ref()
        .context("board.toml has no [u-boot]")?;
    let linux = facts.linux.as_ref().context("board.toml has no [linux]")?;
    let image = match linux.image.as_str() {
        "zImage" => "",
        "Image" => "BR2_LINUX_KERNEL_IMAGE=y",
        "bzImage" => "BR2_LINUX_KERNEL_BZIMAGE=y",
        other => bail!("[linux] image = {other:?}: Buildroot has no such image of a kernel"),
    };
    ensure!(
        linux.base == "tinyconfig",
        "[linux] base = {:?}: only `tinyconfig` is laid under the fragments here",
        linux.base
    );
    let patches = folder.join("u-boot-patches");
    let board_line = if board == DEFAULT_BOARD {
        String::new()
    } else {
        format!("{}=y", symbol(board))
    };
    let values = [
        (
            "@CPU@",
            own_lines(|line| !line.contains("BR2_TARGET_UBOOT")),
        ),
        (
            "@U_BOOT@",
            own.lines()
                .filter(|line| is_u_boot(line) && !line.starts_with("# B"))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        ("@KERNEL_IMAGE@", image.to_owned()),
        ("@BOARD_LINE@", board_line),
        (
            "@U_BOOT_PATCH@",
            if patches.is_dir() {
                "BR2_TARGET_UBOOT_PATCH=\"$(BR2_EXTERNAL_TINYRUST_PATH)/../boards/@BOARD@/u-boot-patches\"".into()
            } else {
                String::new()
            },
        ),
        (
            "@U_BOOT_DEFCONFIG@",
            u_boot.defconfig.trim_end_matches("_defconfig").to_owned(),
        ),
        ("@BOARD@", board.to_owned()),
    ];
    let mut out = String::new();
    for line in template.lines().filter(|line| !line.starts_with("## ")) {
        let mut line = line.to_owned();
        let alone = line.starts_with('@');
        for (name, value) in &values {
            line = line.replace(name, value);
        }
        ensure!(
            !line.contains('@'),
            "br2-external/defconfig.in: nothing stands for {line}"
        );
        if !(alone && line.is_empty()) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = "name = \"b\"\n[linux]\narch = \"arm\"\nbase = \"tinyconfig\"\n\
        image = \"zImage\"\n[u-boot]\ndefconfig = \"b_defconfig\"\nfiles = []\n\
        [flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\nmapped-at = 0x1000\n\
        [[partition]]\nname = \"all\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\n";

    fn board(toml: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("board.toml"), toml).unwrap();
        let config = "# a comment\nBR2_arm=y\nBR2_TARGET_UBOOT_NEEDS_DTC=y\n";
        std::fs::write(folder.path().join("buildroot.config"), config).unwrap();
        folder
    }

    #[test]
    fn a_template_is_filled_and_lines_of_nothing_go() {
        let folder = board(BOARD);
        let template = "## told\n@CPU@\nX=\"@BOARD@ @U_BOOT_DEFCONFIG@\"\n@KERNEL_IMAGE@\n@U_BOOT@\n@BOARD_LINE@\n";
        assert_eq!(
            defconfig(template, folder.path(), "b-1").unwrap(),
            "BR2_arm=y\nX=\"b-1 b\"\nBR2_TARGET_UBOOT_NEEDS_DTC=y\nBR2_TINYRUST_BOARD_B_1=y\n"
        );
    }

    #[test]
    fn what_nothing_stands_for_is_an_error() {
        let folder = board(BOARD);
        let error = defconfig("X=@MEMORY@\n", folder.path(), "b").unwrap_err();
        assert!(error.to_string().contains("@MEMORY@"), "{error}");
    }

    #[test]
    fn a_kernel_image_that_buildroot_does_not_know_is_an_error() {
        let folder = board(&BOARD.replace("zImage", "uImage.lz9"));
        let error = defconfig("", folder.path(), "b").unwrap_err();
        assert!(error.to_string().contains("uImage.lz9"), "{error}");
    }

    #[test]
    fn every_variable_of_a_board_has_a_name_of_its_own() {
        let folder = board(BOARD);
        let text = board_vars(&folder.path().join("board.toml")).unwrap();
        assert!(text.contains("TINYRUST_FLASH_SIZE := 1048576"), "{text}");
        assert!(
            text.lines().all(|line| line.starts_with(['#', 'T'])),
            "{text}"
        );
    }
}
