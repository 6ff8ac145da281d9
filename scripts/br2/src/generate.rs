//! The generated part of br2-external/: facts of boards/ and app/ in Buildroot's words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flashfit::board::Board;
use flashfit::layout::{self, Format};

use crate::prices::{self, Prices};
use crate::{builders, defconfig, profiles};

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
    all.extend(menus(repo)?);
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
        let text = defconfig::render(&template, &folder, board, board == DEFAULT_BOARD)?;
        if board == DEFAULT_BOARD {
            all.push((external.join("configs/tinyrust_defconfig"), text.clone()));
        }
        let name = format!("tinyrust_{}_defconfig", board.replace('-', "_"));
        all.push((external.join("configs").join(name), text));
    }
    Ok(all)
}

/// The menus with the measured prices in their help texts.
fn menus(repo: &Path) -> Result<Vec<(PathBuf, String)>> {
    let prices = Prices::load(repo)?;
    prices.check_age(repo)?;
    let menus = prices::MENUS.map(|path| {
        let text = std::fs::read_to_string(repo.join(path))
            .with_context(|| format!("cannot read {path}"))?;
        Ok((PathBuf::from(path), prices.print_into(&text)?))
    });
    let menus = menus.into_iter().collect::<Result<Vec<_>>>()?;
    for symbol in prices.symbols() {
        let heading = format!("config {symbol}");
        ensure!(
            menus
                .iter()
                .any(|(_, text)| text.lines().any(|line| line == heading)),
            "{}: there is no option {symbol} any more",
            prices::FILE
        );
    }
    Ok(menus)
}

/// The boards that say in a `buildroot.config` what Buildroot calls their CPU.
fn boards(repo: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(repo.join("boards")).context("cannot read boards/")? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.join("buildroot.config").is_file() {
            names.push(name.to_owned());
        } else if path.join("board.toml").is_file() {
            eprintln!(
                "left out: boards/{name} has no buildroot.config, what Buildroot calls its CPU"
            );
        }
    }
    names.sort();
    ensure!(
        names.iter().any(|name| name == DEFAULT_BOARD),
        "boards/{DEFAULT_BOARD} has no buildroot.config"
    );
    Ok(names)
}

/// A board.toml.
///
/// # Errors
/// When it cannot be used.
pub fn load(toml: &Path) -> Result<Board> {
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

/// The option that chooses a board.
pub fn symbol(board: &str) -> String {
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
    out += "config BR2_TINYRUST_BOARD_HAS_U_BOOT\n\tbool\n";
    for board in boards {
        let toml = repo.join("boards").join(board).join("board.toml");
        if load(&toml)?.u_boot.is_some() {
            writeln!(out, "\tdefault y if {}", symbol(board))?;
        }
    }
    out.push('\n');
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

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = "name = \"b\"\n[linux]\narch = \"arm\"\nbase = \"tinyconfig\"\n\
        image = \"zImage\"\n\
        [flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\nmapped-at = 0x1000\n\
        [[partition]]\nname = \"all\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\n";

    #[test]
    fn every_variable_of_a_board_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let toml = folder.path().join("board.toml");
        std::fs::write(&toml, BOARD).unwrap();
        let text = board_vars(&toml).unwrap();
        assert!(text.contains("TINYRUST_FLASH_SIZE := 1048576"), "{text}");
        assert!(
            text.lines().all(|line| line.starts_with(['#', 'T'])),
            "{text}"
        );
    }
}
