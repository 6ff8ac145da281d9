//! The automation of this repository.

mod apt;
mod cache;
mod command;
mod control;
mod fragment;
mod key;
mod progress;
mod proof;
mod repo;
mod rust_src;
mod setup;
mod sources;
mod step;

use anyhow::Result;
fn main() -> Result<()> {
    let repo = repo::Repo::find()?;
    setup::run(&repo, &repo.board("ast2600-evb")?, true)
}
