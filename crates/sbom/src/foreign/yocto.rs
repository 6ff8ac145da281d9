//! The packages of a bitbake image: its license.manifest.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::Package;
use crate::licence;

/// The packages in it.
///
/// # Errors
/// When it has none.
pub fn packages(text: &str) -> Result<Vec<Package>> {
    let mut all = Vec::new();
    for paragraph in text.split("\n\n") {
        let facts: BTreeMap<&str, &str> = paragraph
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        if let Some(name) = facts.get("PACKAGE NAME") {
            let say = |key: &str| facts.get(key).copied().unwrap_or_default().to_owned();
            all.push(Package {
                name: (*name).to_owned(),
                version: say("PACKAGE VERSION"),
                license: spdx(&say("LICENSE")),
                cpe: None,
                recipe: Some(say("RECIPE NAME")),
            });
        }
    }
    ensure!(
        !all.is_empty(),
        "no package in it: is it an image's license.manifest?"
    );
    Ok(all)
}

/// Up to wrynose OE-Core writes `A & (B | C)`.
fn spdx(text: &str) -> String {
    let words = text.replace('&', " AND ").replace('|', " OR ");
    let words = words.replace("-with-", " WITH ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    licence::canonical(&words).unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_paragraph_is_a_package() {
        let text = "PACKAGE NAME: base-files\nPACKAGE VERSION: 3.0.14\nRECIPE NAME: base-files\n\
                    LICENSE: GPL-2.0-only\n\nPACKAGE NAME: busybox-tinyrust\nPACKAGE VERSION: \
                    1.37.0\nRECIPE NAME: busybox-tinyrust\nLICENSE: GPL-2.0-only & bzip2-1.0.4\n\n";
        let found = packages(text).unwrap();
        let names: Vec<&str> = found.iter().map(|one| &*one.name).collect();
        assert_eq!(names, ["base-files", "busybox-tinyrust"]);
        assert_eq!(found[1].license, "GPL-2.0-only AND bzip2-1.0.4");
        assert!(packages("nothing").is_err());
    }

    #[test]
    fn bitbakes_notation_becomes_spdxs() {
        assert_eq!(spdx("(MIT | Zlib) & ISC"), "(MIT OR Zlib) AND ISC");
        assert_eq!(
            spdx("Apache-2.0-with-LLVM-exception"),
            "Apache-2.0 WITH LLVM-exception"
        );
        assert_eq!(spdx("CLOSED"), "CLOSED");
    }
}
