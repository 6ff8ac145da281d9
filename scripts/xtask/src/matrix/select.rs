//! Which boards: all, those that are named, or the default board and one of the others in turn.

use anyhow::Result;

use buildkit::checkout::{DEFAULT_BOARD, Repo};
use buildkit::command::{output, tool};

/// The boards, and what people are told of the choice.
pub struct Chosen {
    pub boards: Vec<String>,
    /// Lines to print.
    pub said: Vec<String>,
}

/// The named boards, or all.
pub fn named(repo: &Repo, names: &[String]) -> Result<Chosen> {
    for name in names {
        repo.board(name)?;
    }
    let boards = if names.is_empty() {
        repo.boards()?
    } else {
        names.to_vec()
    };
    Ok(Chosen {
        boards,
        said: Vec::new(),
    })
}

/// The default board, and the one of the others that is the commit's.
pub fn rotated(repo: &Repo) -> Result<Chosen> {
    let head = output(
        tool("git")
            .arg("-C")
            .arg(repo.root())
            .args(["rev-parse", "HEAD"]),
    );
    // Outside git there is nothing to choose by: always the same one.
    let commit = head.map_or_else(|_| "0".repeat(40), |text| text.trim().to_owned());
    let mut others = repo.boards()?;
    others.retain(|name| name != DEFAULT_BOARD);
    Ok(rotate(&commit, &others))
}

fn rotate(commit: &str, others: &[String]) -> Chosen {
    let mut boards = vec![DEFAULT_BOARD.to_owned()];
    let mut said = Vec::new();
    let short = commit.get(..8).unwrap_or_default();
    let number = usize::from_str_radix(short, 16).unwrap_or_default();
    if let Some(turn) = number.checked_rem(others.len()) {
        boards.push(others[turn].clone());
        said.push(format!(
            "commit {short}: besides {DEFAULT_BOARD} it is the turn of {}",
            others[turn]
        ));
        let left = others.iter().filter(|name| **name != others[turn]);
        let left = left.map(String::as_str).collect::<Vec<_>>();
        if !left.is_empty() {
            said.push(format!(
                "skipped: images and boot tests of {} (`make matrix` runs all)",
                left.join(", ")
            ));
        }
    }
    Chosen { boards, said }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_board_has_its_turn_and_the_others_are_said_to_be_left_out() {
        let others = ["a", "b", "c"].map(str::to_owned);
        let mut seen = Vec::new();
        for commit in ["00000000ff", "00000001ff", "00000002ff", "00000003ff"] {
            let chosen = rotate(commit, &others);
            assert_eq!(chosen.boards[0], DEFAULT_BOARD);
            assert_eq!(chosen.boards.len(), 2);
            for other in &others {
                let mentioned = chosen.said[1].split([' ', ',']).any(|word| word == other);
                assert_eq!(mentioned, *other != chosen.boards[1]);
            }
            seen.push(chosen.boards[1].clone());
        }
        assert_eq!(seen, ["a", "b", "c", "a"]);
    }

    #[test]
    fn a_repository_of_one_board_has_no_rotation() {
        let chosen = rotate("deadbeef", &[]);
        assert_eq!(chosen.boards, [DEFAULT_BOARD]);
        assert!(chosen.said.is_empty());
    }

    #[test]
    fn an_unknown_board_is_answered_with_the_known_ones() {
        let repo = Repo::find().unwrap();
        let error = named(&repo, &["nonesuch".to_owned()]).err().unwrap();
        assert!(error.to_string().contains(DEFAULT_BOARD), "{error}");
        assert_eq!(named(&repo, &[]).unwrap().boards, repo.boards().unwrap());
    }
}
