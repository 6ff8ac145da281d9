//! Where the bytes of three programs of the ladder are: by crate and by function.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use owncrate::parts::Parts;
use serde::{Deserialize, Serialize};

use super::steps;
use crate::ladder::context::StudyContext;
use crate::ladder::recipe::Recipe;
use crate::ladder::record::{Measured, Named, ladder_id};
use crate::ladder::target::Target;

const FUNCTIONS: usize = 25;

/// The program whose parts the others' are compared with.
pub const REFERENCE: &str = "everything";

/// What is compared: the plain release build, the same program with every step, and that of
/// crates/sizelab/programs which goes on.
const SUBJECTS: &[(&str, Option<&str>)] = &[
    ("release", None),
    (REFERENCE, None),
    ("own-accept-loop", Some("actix-loop")),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// `part/subject`.
    pub id: String,
    /// All that is loaded.
    pub total: u64,
    pub crates: Vec<(String, u64)>,
    pub functions: Vec<(String, u64)>,
}

impl Named for Attribution {
    fn id(&self) -> &str {
        &self.id
    }
}

pub fn rows(target: &str) -> Vec<String> {
    let names = SUBJECTS.iter().map(|(name, _)| name);
    names.map(|name| format!("{target}/{name}")).collect()
}

/// Takes the program of a row apart.
pub fn measure(
    context: &StudyContext,
    target: &Target,
    id: &str,
) -> Result<Option<Measured<Attribution>>> {
    let recipe = recipe(context, target, id)?;
    let built = context.builder(0).build(&recipe, &context.log)?;
    Ok(Some(Measured {
        row: take_apart(id, &built.file)?,
        cached: built.cached,
    }))
}

/// How a row's program is built, symbols and all.
pub fn recipe(context: &StudyContext, target: &Target, id: &str) -> Result<Recipe> {
    let subject = SUBJECTS
        .iter()
        .find(|(name, _)| id.ends_with(&format!("/{name}")));
    let (name, program) = subject.context("no such program")?;
    let mut recipe = match *name {
        "release" => steps::recipe(context, target, &ladder_id("release", &[]))?,
        _ => steps::best_recipe(context, target)?,
    };
    recipe.strip = false;
    if let Some(program) = program {
        recipe.program = context.program(program);
    }
    Ok(recipe)
}

fn take_apart(id: &str, file: &Path) -> Result<Attribution> {
    let parts = Parts::of(file)?;
    let mut crates = BTreeMap::new();
    for (name, size) in parts.crates {
        let owner = match name.starts_with("hello") {
            true => "the program itself".to_owned(),
            false => name,
        };
        *crates.entry(owner).or_insert(0) += size;
    }
    let mut crates = crates.into_iter().collect::<Vec<_>>();
    crates.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut functions = parts.functions;
    functions.truncate(FUNCTIONS);
    Ok(Attribution {
        id: id.to_owned(),
        total: parts.total,
        crates,
        functions,
    })
}
