//! `cargo xtask app --all`: the server of every board, compiled for its target and measured.
//!
//! Without kernel and boot loader this takes minutes and not an hour, and shows what a change of
//! the app does to each processor. What it takes on flash is what it will take in the image:
//! large files are compressed by themselves.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use board::Component;
use board::units::Bytes;
use flashfit::table::Table;
use serde::{Deserialize, Serialize};

use crate::on_flash::on_flash;
use buildkit::checkout::Repo;
use buildkit::command::{Log, Stopped};
use buildkit::key::Key;
use direct::cargo_call::Programs;
use direct::context::Context;
use direct::programs::{self, Wishes};

/// Where the server is in the root file system, and its file in the image folder.
const SERVER: (&str, &str) = ("/usr/bin/tinyrust", "tinyrust");

pub fn run(repo: &Repo, jobs: Option<usize>, profile: Option<&str>) -> Result<()> {
    let mut wrong = Vec::new();
    let mut table = Table::new(&["board", "target", ">ELF", ">on flash"]);
    for name in repo.boards()? {
        match one(repo, &name, jobs, profile) {
            Ok((target, size, over)) => {
                table.row(&[&name, &target, &size.elf, &size.flash]);
                wrong.extend(over);
            }
            Err(error) if error.is::<Stopped>() => return Err(error),
            Err(error) => {
                table.row(&[&name]);
                table.note("FAILED");
                wrong.push(format!("{name}: {error:#}"));
            }
        }
    }
    print!("{}", table.text());
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSize {
    pub elf: Bytes,
    /// Its data in the board's squashfs.
    pub flash: Bytes,
}

/// Compiles a board's programs, and measures the server.
pub fn measure(context: &Context, profile: Option<&str>, programs: Programs) -> Result<ServerSize> {
    let wishes = Wishes {
        profile: profile.map(str::to_owned),
        ..Wishes::default()
    };
    let server = programs::alone(context, &wishes, programs)?.program("tinyrust");
    Ok(ServerSize {
        elf: Bytes(fs::metadata(&server)?.len()),
        flash: flash(context, &server)?,
    })
}

fn one(
    repo: &Repo,
    name: &str,
    jobs: Option<usize>,
    profile: Option<&str>,
) -> Result<(String, ServerSize, Vec<String>)> {
    let context = Context::new(repo.clone(), name, jobs)?;
    let size = measure(&context, profile, Programs::All)?;
    let target = context
        .board
        .require(&context.board.rust, "rust")?
        .target
        .clone();
    let components = &context.board.components;
    let over = components
        .iter()
        .filter_map(|component| over(name, component, &size));
    let over = over.collect();
    Ok((target, size, over))
}

/// What it takes in the board's squashfs.
pub fn flash(context: &Context, server: &Path) -> Result<Bytes> {
    let facts = context.board.require(&context.board.rootfs, "rootfs")?;
    let block = facts.block_size.get().to_string();
    let key = Key::new("weight", 1)
        .file("server", server)?
        .field("bcj", facts.bcj.as_deref().unwrap_or_default())
        .field("block", &block);
    let log = Log::create(&context.repo.logs("weight").join("weight.log"))?;
    let entry = context.cache.entry("weight", &key, &log, |rooms| {
        let bytes = on_flash(server, facts.bcj.as_deref(), &block, rooms.work, &log)?;
        Ok(fs::write(rooms.out.join("bytes"), bytes.to_string())?)
    })?;
    let text = fs::read_to_string(entry.value.join("bytes"))?;
    Ok(Bytes(text.trim().parse()?))
}

/// The message where the server is more than a component of board.toml may be.
fn over(board: &str, component: &Component, size: &ServerSize) -> Option<String> {
    let (path, file) = SERVER;
    let used = match &component.path {
        Some(inside) if inside.as_str() == path => size.flash,
        None if component.file == Path::new(file) => size.elf,
        _ => return None,
    };
    let allowed = component.budget.bytes;
    (used > allowed).then(|| {
        format!(
            "{}: {used} bytes, {allowed} allowed (boards/{board}/board.toml:{}), over by {}; \
             `cargo xtask image --board {board}` lists the contents",
            component.name,
            component.budget.line,
            Bytes(used.get() - allowed.get())
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::DEFAULT_BOARD;

    #[test]
    fn one_byte_over_a_budget_is_said_with_its_line() {
        let board = Repo::find().unwrap().board(DEFAULT_BOARD).unwrap();
        let allowed = |name: &str| {
            let component = board.components.iter().find(|c| c.name == name).unwrap();
            component.budget.bytes.get()
        };
        let said = |elf: u64, flash: u64| {
            let size = ServerSize {
                elf: Bytes(elf),
                flash: Bytes(flash),
            };
            let all = board.components.iter();
            all.filter_map(|c| over(&board.name, c, &size))
                .collect::<Vec<_>>()
        };
        let (elf, flash) = (allowed("server-elf"), allowed("server"));
        assert!(said(elf, flash).is_empty());
        let messages = said(elf + 1, flash + 1);
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].contains("over by 1;") && messages[0].contains("board.toml:"));
    }
}
