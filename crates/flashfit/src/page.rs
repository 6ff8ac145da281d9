//! A report as one HTML file: the flash map, a treemap, a search and a table.
//!
//! The file needs no network, and its Content-Security-Policy forbids it. Names of files in a
//! foreign image are hostile input: they are data in a script element of a type that nobody
//! executes, and the page's own script writes them as text, never as markup.

mod columns;

use std::io;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

use crate::diff;
use crate::file;
use crate::report::Report;
use columns::Columns;

const STYLE: &str = include_str!("page/page.css");

/// One script, in a block of its own so that its names stay out of the global scope.
const SCRIPT: &str = concat!(
    "\"use strict\";\n{\n",
    include_str!("page/model.js"),
    include_str!("page/text.js"),
    include_str!("page/header.js"),
    include_str!("page/treemap.js"),
    include_str!("page/table.js"),
    include_str!("page/main.js"),
    "}\n"
);

/// The page of a report; with `before`, of what changed since.
#[must_use]
pub fn page(report: &Report, before: Option<&Report>) -> String {
    let compared = before.map(|before| (before, diff::diff(before, report)));
    let compared = compared.as_ref().map(|(before, diff)| (*before, diff));
    let columns = Columns::new(report, compared);
    // Strings, numbers and lists of them: there is nothing that JSON cannot say. Without `<`,
    // nothing in it can end the script element.
    let data = serde_json::to_string(&columns)
        .unwrap_or_default()
        .replace('<', "\\u003c");
    let mut page = include_str!("page/page.html").to_owned();
    for (mark, text) in [
        ("{{style-hash}}", hash(STYLE).as_str()),
        ("{{script-hash}}", hash(SCRIPT).as_str()),
        ("{{style}}", STYLE),
        ("{{script}}", SCRIPT),
        // The last, so that no name in it is taken for a mark.
        ("{{data}}", data.as_str()),
    ] {
        page = page.replacen(mark, text, 1);
    }
    page
}

/// A page that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written: {source}", path.display())]
pub struct Unwritten {
    path: PathBuf,
    source: io::Error,
}

/// Writes the page to a file.
///
/// # Errors
///
/// What the system says.
pub fn write(path: &Path, report: &Report, before: Option<&Report>) -> Result<(), Unwritten> {
    let page = page(report, before);
    file::write(path, page.as_bytes()).map_err(|source| Unwritten {
        path: path.to_owned(),
        source,
    })
}

/// The source expression of a Content-Security-Policy that allows exactly this text.
fn hash(text: &str) -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(text));
    format!("'sha256-{digest}'")
}

#[cfg(test)]
mod tests {
    use board::units::Bytes;

    use super::*;
    use crate::report::{Kind, Method, Node, SCHEMA};

    fn report(name: &str) -> Report {
        Report {
            schema: SCHEMA.to_owned(),
            name: name.to_owned(),
            flash: None,
            revision: None,
            check: None,
            root: Node::new(name, Kind::Chip, Method::Stored),
            unattributed: Bytes(0),
            without: None,
            warnings: vec![name.to_owned()],
        }
    }

    #[test]
    fn a_hostile_name_cannot_leave_the_data() {
        let page = page(
            &report("</script><script>alert(1)</script><!--{{script}}"),
            None,
        );
        assert_eq!(page.matches("</script>").count(), 2, "data and program");
        assert!(!page.contains("alert(1)</script>"));
        assert!(!page.contains("<!--{{"));
        assert!(page.contains("\\u003c!--{{script}}"));
    }

    #[test]
    fn the_page_refers_to_nothing_outside() {
        let page = page(&report("chip.bin"), None);
        assert!(page.contains("default-src 'none'"));
        for reference in ["http:", "https:", "src=", "@import", "url("] {
            let rest = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!rest.contains(reference), "{reference}");
        }
    }

    #[test]
    fn the_program_writes_no_markup() {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!SCRIPT.contains(way), "{way}");
        }
    }
}
