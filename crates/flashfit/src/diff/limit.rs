//! How much something grew, for a limit.

use super::{Change, Diff};

/// How many matches an error names.
const NAMED: usize = 5;

/// The part whose growth has a limit does not exist, or is not the only one of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No such part.
    #[error(
        "--of {0}: neither report has it: name a slot (`slot a`), a component, or a path in the \
         report, such as rootfs.squashfs/usr/bin/server"
    )]
    Nothing(String),
    /// Several parts.
    #[error("--of {of}: {count} paths end so: {}{}", paths.join(", "), more(*count))]
    Several {
        /// What was asked for.
        of: String,
        /// How many there are.
        count: usize,
        /// The first of them.
        paths: Vec<String>,
    },
}

fn more(count: usize) -> &'static str {
    match count > NAMED {
        true => ", …",
        false => "",
    }
}

/// By how many bytes on the flash a part grew: the whole chip, a slot, a component, or the node
/// at a path or at the end of one.
///
/// # Errors
///
/// If there is no such part, or several.
pub fn growth_of(diff: &Diff, of: Option<&str>) -> Result<i64, NotFound> {
    let Some(of) = of else {
        return Ok(diff.change);
    };
    let component = diff.components.iter().find(|part| part.name == of);
    let slot = of.strip_prefix("slot ");
    let slot = slot.and_then(|of| diff.slots.iter().find(|part| part.name == of));
    if let Some(part) = component.or(slot) {
        return Ok(part.change);
    }
    let mut found = Vec::new();
    let wanted = of.trim_matches('/');
    find(&diff.root, "", wanted, &mut found);
    if let Some((_, change)) = found.iter().find(|(path, _)| path == wanted) {
        return Ok(*change);
    }
    match found.as_slice() {
        [] => Err(NotFound::Nothing(of.to_owned())),
        [(_, change)] => Ok(*change),
        several => Err(NotFound::Several {
            of: of.to_owned(),
            count: several.len(),
            paths: several
                .iter()
                .take(NAMED)
                .map(|(path, _)| path.clone())
                .collect(),
        }),
    }
}

/// The paths below a node that are `wanted` or end with it, and their changes.
fn find(change: &Change, path: &str, wanted: &str, found: &mut Vec<(String, i64)>) {
    for child in &change.children {
        let name = child.name.trim_matches('/');
        let path = match path {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        };
        let ends = path.strip_suffix(wanted);
        if ends.is_some_and(|rest| rest.is_empty() || rest.ends_with('/')) {
            found.push((path.clone(), child.change));
        }
        find(child, &path, wanted, found);
    }
}
