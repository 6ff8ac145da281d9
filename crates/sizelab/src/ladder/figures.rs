//! How figures are written.

use board::units::Bytes;

/// What stands where nothing was measured.
pub const NONE: &str = "–";

/// `-82.4 %`.
#[allow(
    clippy::cast_precision_loss,
    reason = "sizes stay far below 2^52 bytes"
)]
pub fn change(now: u64, before: u64) -> String {
    let percent = (now as f64 / before as f64 - 1.0) * 100.0;
    if percent.abs() < 0.05 {
        return "0 %".to_owned();
    }
    format!("{percent:+.1} %")
}

/// `25 %`.
#[allow(
    clippy::cast_precision_loss,
    reason = "sizes stay far below 2^52 bytes"
)]
pub fn percent(part: u64, whole: u64) -> String {
    format!("{:.0} %", part as f64 / whole as f64 * 100.0)
}

/// `+1,234` or `-1,234`.
pub fn difference(now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Less => format!("-{}", Bytes(before - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", Bytes(now - before)),
    }
}

/// `1,234`, or the dash.
pub fn bytes(size: Option<u64>) -> String {
    size.map_or(NONE.to_owned(), |size| Bytes(size).to_string())
}

/// A line of a Markdown table.
pub fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The head of a Markdown table; columns whose title begins with `>` hold figures.
pub fn head(titles: &[&str]) -> String {
    let names = titles.iter().map(|title| title.trim_start_matches('>'));
    let marks = titles.iter().map(|title| match title.starts_with('>') {
        true => "---:",
        false => "---",
    });
    format!(
        "| {} |\n|{}|\n",
        names.collect::<Vec<_>>().join(" | "),
        marks.collect::<Vec<_>>().join("|")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        assert_eq!(change(1_749_216, 6_706_984), "-73.9 %");
        assert_eq!(change(100, 100), "0 %");
        assert_eq!(difference(1000, 2500), "-1,500");
        assert_eq!(difference(2500, 1000), "+1,500");
        assert_eq!(percent(1, 4), "25 %");
        assert_eq!(bytes(None), "–");
    }

    #[test]
    fn a_table_knows_its_figures_from_its_words() {
        assert_eq!(head(&["a", ">b"]), "| a | b |\n|---|---:|\n");
        assert_eq!(line(&["x".into(), "1".into()]), "| x | 1 |\n");
    }
}
