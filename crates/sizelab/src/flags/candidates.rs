//! boards/`board`/flags.toml: flags that were tried for a CPU, and what became of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::rustflags::remove_flag;
use crate::schema;
use buildkit::checkout::Repo;
use buildkit::files::read_toml;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    flag: Vec<Candidate>,
}

/// One change to `[rust] rustflags` of board.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// What tables call it; unique in the file.
    pub title: String,
    /// Flags, or features in a list of them, that the board has.
    #[serde(default)]
    remove: Vec<String>,
    /// Flags that it does not have.
    #[serde(default)]
    add: Vec<String>,
    pub verdict: Verdict,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The board has it; the change takes it away, so that its worth is measured.
    Kept,
    /// The board does not have it; the change adds it.
    Rejected,
}

pub fn path(repo: &Repo, board: &str) -> PathBuf {
    repo.path("boards").join(board).join("flags.toml")
}

/// The flags that were tried for a board; none where nobody did.
pub fn load(repo: &Repo, board: &str) -> Result<Vec<Candidate>> {
    let path = path(repo, board);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let file: File = read_toml(&path)?;
    schema::require(&path, &file.schema, &1)?;
    check(&file.flag).with_context(|| path.display().to_string())?;
    Ok(file.flag)
}

fn check(flags: &[Candidate]) -> Result<()> {
    for (at, candidate) in flags.iter().enumerate() {
        let title = &candidate.title;
        ensure!(
            !flags[..at].iter().any(|other| other.title == *title),
            "`{title}` occurs twice"
        );
        ensure!(
            !(candidate.add.is_empty() && candidate.remove.is_empty()),
            "`{title}` changes nothing: it needs `add` or `remove`"
        );
    }
    Ok(())
}

impl Candidate {
    /// The board's flags with the change made.
    pub fn apply(&self, board: &[String]) -> Result<Vec<String>> {
        let mut flags = board.to_vec();
        for unwanted in &self.remove {
            let before = flags.clone();
            remove_flag(&mut flags, unwanted);
            if flags == before {
                bail!(
                    "`{}` removes {unwanted}, which board.toml's rustflags do not have: {}",
                    self.title,
                    board.join(" ")
                );
            }
        }
        flags.extend(self.add.iter().cloned());
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(change: &str) -> Candidate {
        let facts = "title = \"t\"\nverdict = \"rejected\"\nreason = \"r\"\n";
        toml::from_str(&format!("{facts}{change}")).unwrap()
    }

    #[test]
    fn a_change_removes_and_adds() {
        let candidate = one("remove = [\"+thumb-mode\"]\nadd = [\"-Cx\"]");
        let board = ["-Ctarget-feature=+thumb-mode,+crt-static".to_owned()];
        assert_eq!(
            candidate.apply(&board).unwrap(),
            ["-Ctarget-feature=+crt-static", "-Cx"]
        );
        let error = candidate.apply(&[]).unwrap_err().to_string();
        assert!(error.contains("+thumb-mode"), "{error}");
    }

    #[test]
    fn what_changes_nothing_or_stands_there_twice_is_refused() {
        let error = check(&[one("")]).unwrap_err().to_string();
        assert!(error.contains("changes nothing"), "{error}");
        let flag = one("add = [\"-Cx\"]");
        assert!(check(std::slice::from_ref(&flag)).is_ok());
        let error = check(&[flag.clone(), flag]).unwrap_err().to_string();
        assert!(error.contains("twice"), "{error}");
    }

    #[test]
    fn the_flags_of_every_board_can_be_tried() {
        let repo = Repo::find().unwrap();
        for name in repo.boards().unwrap() {
            let flags = repo.board(&name).unwrap().rust.unwrap().rustflags;
            for candidate in load(&repo, &name).unwrap() {
                candidate
                    .apply(&flags)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}
