//! Licence expressions, and the standard texts of the licences in them.

use spdx::{AdditionItem, Expression, LicenseItem};

use crate::component::Text;

/// What ends the name of a text that the component itself did not bring along.
pub const STANDARD: &str = "(the text of SPDX's list)";

/// The expression as SPDX has it: old crates write `MIT/Apache-2.0`. `None` where it is none.
pub fn canonical(text: &str) -> Option<String> {
    let canonical = Expression::canonicalize(text).ok()?;
    let text = canonical.unwrap_or_else(|| text.to_owned());
    Expression::parse(&text).ok()?;
    Some(text)
}

/// SPDX's text of each licence and exception in the expression; nothing where one has none.
pub fn standard_texts(license: &str) -> Vec<Text> {
    let Some(expression) = canonical(license).and_then(|text| Expression::parse(&text).ok()) else {
        return Vec::new();
    };
    let mut all: Vec<Text> = Vec::new();
    let mut add = |name: &str, text: &str| {
        let file = format!("{name} {STANDARD}");
        if all.iter().all(|one| one.file != file) {
            let text = text.to_owned();
            all.push(Text { file, text });
        }
    };
    for requirement in expression.requirements() {
        match &requirement.req.license {
            LicenseItem::Spdx { id, .. } => add(id.name, id.text()),
            LicenseItem::Other(_) => return Vec::new(),
        }
        match &requirement.req.addition {
            Some(AdditionItem::Spdx(id)) => add(id.name, id.text()),
            Some(AdditionItem::Other(_)) => return Vec::new(),
            None => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_old_crates_write_becomes_an_expression() {
        assert_eq!(canonical("MIT/Apache-2.0").unwrap(), "MIT OR Apache-2.0");
        let exact = "GPL-2.0-only WITH Linux-syscall-note";
        assert_eq!(canonical(exact).unwrap(), exact);
        assert_eq!(canonical("as the author likes"), None);
        assert_eq!(canonical(""), None);
    }

    #[test]
    fn a_licence_with_an_exception_has_two_texts() {
        let texts = standard_texts("GPL-3.0-or-later WITH GCC-exception-3.1");
        assert_eq!(texts.len(), 2);
        assert!(texts[0].text.contains("GNU GENERAL PUBLIC LICENSE"));
        assert!(texts[1].text.contains("GCC RUNTIME LIBRARY EXCEPTION"));
        assert!(standard_texts("MIT OR LicenseRef-own").is_empty());
    }
}
