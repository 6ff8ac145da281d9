//! The generated blocks of the documents: what stands in each.

use anyhow::{Context as _, Result, bail};
use buildkit::checkout::{DEFAULT_BOARD, Repo};
use flashfit::layout::{Format, render};
use sizelab::records::measurement::Measurement;
use sizelab::records::packageconfig::PackageConfig;
use sizelab::records::{board_table, size_table};
use sizelab::{allocators, compilers, cross, flags, foreign, ladder, prices, truth};

use crate::releases;

pub fn content(repo: &Repo, name: &str) -> Result<String> {
    if let Some(board) = name.strip_prefix("map-") {
        return Ok(render(&repo.board(board)?, Format::Markdown)?);
    }
    if let Some(board) = name.strip_prefix("sizes-") {
        return size_table::sizes(&repo.board(board)?, &Measurement::load(repo, board)?);
    }
    if name == "ladder" || name.starts_with("ladder-") {
        return ladder::block(repo, name);
    }
    match name {
        "headline" => size_table::headline(
            &repo.board(DEFAULT_BOARD)?,
            &Measurement::load(repo, DEFAULT_BOARD)?,
        ),
        "boards" => board_table::table(repo),
        "cross" => cross::block(repo),
        "allocators" => allocators::block(repo),
        "compilers" => compilers::block(repo),
        "truth" => truth::block(repo),
        "crates" => foreign::block(repo),
        "releases" => releases::block(repo, "Buildroot"),
        "releases-yocto" => releases::block(repo, "OE-Core"),
        "flags" => flags::block(repo),
        "prices" => prices::block(repo),
        "yocto-packageconfig" => PackageConfig::load(repo)?.table(),
        "over-budget-example" => {
            let measurement = Measurement::load(repo, DEFAULT_BOARD)?;
            let message = measurement
                .over_budget
                .context("the measurement has no example of an over-budget error")?;
            Ok(format!("```text\n{message}\n```\n"))
        }
        _ => {
            bail!(
                "no such block; there are: allocators, headline, boards, compilers, crates, cross, flags, over-budget-example, prices, releases, releases-yocto, truth, map-BOARD, sizes-BOARD, \
                 ladder, ladder-…, yocto-packageconfig"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_block_is_answered_with_the_known_ones() {
        let repo = Repo::find().unwrap();
        let error = content(&repo, "nonesuch").unwrap_err().to_string();
        assert!(error.contains("headline"), "{error}");
    }
}
