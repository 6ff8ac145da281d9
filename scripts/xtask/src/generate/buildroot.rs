//! The generated part of br2-external/: facts of boards/ and app/ in Buildroot's words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flashfit::layout::{Format, render};
use imagekit::environment;
use imagekit::variables::{board_vars, load};

use buildkit::checkout::{DEFAULT_BOARD, Repo};
use sizelab::records::builders;
use sizelab::records::option_costs::{self, OptionCosts};
use sizelab::records::option_help;

use super::names::symbol;
use super::{defconfig, profile_vars};

/// Writes all generated files, or with `check` compares them.
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
        "stale, run `cargo xtask generate`:\n  {}",
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
            profile_vars::render(&repo.join("app"))?,
        ),
        (
            external.join("Config.boards.in"),
            boards_menu(repo, &boards)?,
        ),
    ];
    let docs = Path::new("docs");
    let page = builders::render(&Repo::find()?)?;
    all.push((docs.join("builders.md"), page));
    all.extend(menus(repo)?);
    let template = std::fs::read_to_string(repo.join(external).join("defconfig.in"))
        .context("cannot read br2-external/defconfig.in")?;
    for board in &boards {
        let folder = repo.join("boards").join(board);
        let toml = folder.join("board.toml");
        let common = repo.join("boards/common/u-boot.env");
        all.push((generated.join(format!("{board}.vars")), board_vars(&toml)?));
        let facts = load(&toml)?;
        if facts.u_boot.is_some() {
            all.push((
                generated.join(format!("{board}.env")),
                environment::compose(&facts, Some(&common))?,
            ));
            all.push((
                generated.join(format!("{board}.u-boot.config")),
                render(&facts, Format::UBootConfig)?,
            ));
        }
        let text = defconfig::render(&template, &folder, board, board == DEFAULT_BOARD)?;
        if board == DEFAULT_BOARD {
            all.push((external.join("configs/tinyrust_defconfig"), text.clone()));
        }
        let name = format!("tinyrust_{}_defconfig", board.replace('-', "_"));
        all.push((external.join("configs").join(name), text));
    }
    Ok(all)
}

/// The menus with the measured costs in their help texts.
fn menus(repo: &Path) -> Result<Vec<(PathBuf, String)>> {
    let costs = OptionCosts::load(repo)?;
    costs.check_age(repo)?;
    let menus = option_costs::MENUS.map(|path| {
        let text = std::fs::read_to_string(repo.join(path))
            .with_context(|| format!("cannot read {path}"))?;
        let text = option_help::with_costs(&costs, &text)?;
        Ok((PathBuf::from(path), text))
    });
    let menus = menus.into_iter().collect::<Result<Vec<_>>>()?;
    for symbol in costs.symbols() {
        let heading = format!("config {symbol}");
        ensure!(
            menus
                .iter()
                .any(|(_, text)| text.lines().any(|line| line == heading)),
            "{}: there is no option {symbol} any more",
            option_costs::FILE
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

fn boards_menu(repo: &Path, boards: &[String]) -> Result<String> {
    let mut out =
        String::from("# Generated by cargo xtask generate from boards/. Do not edit.\n\n");
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
            \thelp\n\t  A folder with a board.toml, and beside it board.vars,\n\
            \t  board.env and board.u-boot.config, which docs/buildroot.md\n\
            \t  tells how to make.\n\nendchoice\n\n";
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
