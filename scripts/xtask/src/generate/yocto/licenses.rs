//! Cargo's licence expressions as bitbake writes them.
//!
//! Cargo: SPDX, and "MIT/Apache-2.0" in old manifests. The layer: SPDX, each choice in one order,
//! which `tinyrust.licence` writes as the release at hand reads it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use buildkit::command::{output, tool};

/// Manifests of library/std and library/compiler-builtins; every program here is linked with both.
const STD: &str = "(MIT OR Apache-2.0) AND MIT AND Apache-2.0 WITH LLVM-exception";

/// LICENSE of a static program: its own licence and those of the crates that are linked into it for
/// `targets`, by default the host.
///
/// # Errors
/// When cargo cannot list them, or a licence is no expression.
pub(super) fn of_crates(
    lock: &Path,
    linked: &[&str],
    targets: Option<&Vec<&str>>,
) -> Result<String> {
    let mut cargo = tool(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["tree", "--quiet", "--locked", "--manifest-path"])
        .arg(lock.with_file_name("Cargo.toml"))
        .args(["--edges", "normal,no-proc-macro", "--prefix", "none"])
        .args(["--format", "={l}", "--no-dedupe"])
        .args(linked);
    for target in targets.into_iter().flatten() {
        cargo.args(["--target", target]);
    }
    let tree = output(&mut cargo)?;
    // Between the trees of two targets is an empty line.
    let crates: BTreeSet<&str> = tree
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.trim_start_matches('='))
        .collect();
    let all = std::iter::once(STD).chain(crates);
    let text = together(all).with_context(|| format!("the crates of {}", lock.display()))?;
    Ok(format!(
        "LICENSE = \"${{@tinyrust.licence.expression('{text}')}}\"\n"
    ))
}

/// One expression for a program of which each part has one of these: all of them hold.
fn together<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let mut terms = BTreeSet::new();
    for expression in expressions {
        match parse(expression)? {
            Licence::List(Word::And, parts) => terms.extend(parts.iter().map(Licence::text)),
            other => {
                terms.insert(other.text());
            }
        }
    }
    Ok(terms.into_iter().collect::<Vec<_>>().join(" AND "))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    And,
    Or,
}

#[derive(Debug)]
enum Licence {
    Name(String),
    List(Word, Vec<Licence>),
}

impl Licence {
    fn text(&self) -> String {
        let (sign, parts) = match self {
            Self::Name(name) => return name.clone(),
            Self::List(Word::And, parts) => (" AND ", parts),
            Self::List(Word::Or, parts) => (" OR ", parts),
        };
        // Sorted, so that "MIT OR Apache-2.0" and "Apache-2.0 OR MIT" are one.
        let texts: BTreeSet<String> = parts.iter().map(Self::text).collect();
        let texts: Vec<String> = texts.into_iter().collect();
        match &texts[..] {
            [one] => one.clone(),
            _ => format!("({})", texts.join(sign)),
        }
    }
}

fn parse(text: &str) -> Result<Licence> {
    let spaced = text
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let licence = list(&mut tokens, Word::Or).with_context(|| format!("licence {text:?}"))?;
    match tokens.next() {
        None => Ok(licence),
        Some(token) => bail!("licence {text:?}: `{token}` cannot follow what precedes it"),
    }
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// AND binds closer than OR.
fn list(tokens: &mut Tokens<'_>, word: Word) -> Result<Licence> {
    let spelled = match word {
        Word::And => "AND",
        Word::Or => "OR",
    };
    let mut parts = Vec::new();
    loop {
        parts.push(match word {
            Word::Or => list(tokens, Word::And)?,
            Word::And => one(tokens)?,
        });
        if tokens.next_if(|token| *token == spelled).is_none() {
            break;
        }
    }
    match parts.len() {
        1 => Ok(parts.remove(0)),
        _ => Ok(Licence::List(word, parts)),
    }
}

fn one(tokens: &mut Tokens<'_>) -> Result<Licence> {
    match tokens.next() {
        None | Some(")" | "AND" | "OR" | "WITH") => bail!("ends too early"),
        Some("(") => {
            let inner = list(tokens, Word::Or)?;
            match tokens.next() {
                Some(")") => Ok(inner),
                _ => bail!("has no closing parenthesis"),
            }
        }
        Some(name) if tokens.next_if_eq(&"WITH").is_some() => match tokens.next() {
            Some(exception) => Ok(Licence::Name(format!("{name} WITH {exception}"))),
            None => bail!("has no exception after WITH"),
        },
        Some(name) => Ok(Licence::Name(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(expressions: &[&str]) -> String {
        together(expressions.iter().copied()).unwrap()
    }

    #[test]
    fn the_order_of_a_choice_does_not_count() {
        let all = ["MIT OR Apache-2.0", "Apache-2.0 OR MIT", "Apache-2.0 / MIT"];
        assert_eq!(said(&all), "(Apache-2.0 OR MIT)");
    }

    #[test]
    fn parts_that_all_hold_stand_beside_those_of_others() {
        let all = ["(Apache-2.0 OR MIT) AND BSD-3-Clause", "MIT"];
        assert_eq!(said(&all), "(Apache-2.0 OR MIT) AND BSD-3-Clause AND MIT");
    }

    #[test]
    fn an_exception_stays_with_its_licence() {
        let text = "MIT OR Apache-2.0 WITH LLVM-exception";
        assert_eq!(said(&[text]), "(Apache-2.0 WITH LLVM-exception OR MIT)");
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert_eq!(said(&["MIT OR Zlib AND ISC"]), "((ISC AND Zlib) OR MIT)");
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH"] {
            assert!(together([text]).is_err(), "{text}");
        }
    }

    const GOOD: &str = "(Apache-2.0 WITH LLVM-exception OR MIT) AND BSD-3-Clause OR Zlib / ISC";

    proptest! {
        #[test]
        fn a_damaged_expression_is_survived(at in 0..GOOD.len(), cut in 0..9_usize, piece in "[A-Z() /]{0,6}") {
            let rest = GOOD.get(at + cut..).unwrap_or_default();
            let text = format!("{}{piece}{rest}", &GOOD[..at]);
            let _ = together([text.as_str()]);
        }
    }
}
