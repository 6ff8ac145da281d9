//! Requests as tables print them: with a mark where the turns were too far apart.

use crate::figures::NONE;
use crate::ladder::record::Runtime;

/// What stands behind a figure whose quartiles are further apart than that share of it.
const MARK: &str = "⚠";
const WIDE: f64 = 0.2;

pub fn ratio(run: &Runtime) -> Option<String> {
    let ratio = run.requests_ratio?;
    Some(match wide_digits(run) {
        Some(digits) => format!("{ratio:.digits$} {MARK}"),
        None => format!("{ratio:.2}"),
    })
}

/// The median and the quartiles around it.
pub fn requests(run: &Runtime) -> String {
    let Some(ratio) = run.requests_ratio else {
        return NONE.to_owned();
    };
    match (run.requests_quartiles, wide_digits(run)) {
        (None, _) => format!("{ratio:.2}"),
        (Some((low, high)), None) => format!("{ratio:.2} ({low:.2}–{high:.2})"),
        (Some((low, high)), Some(digits)) => {
            format!("{ratio:.digits$} ({low:.digits$}–{high:.digits$}) {MARK}")
        }
    }
}

/// Where the turns were far apart, the second digit says nothing: it is left out, unless the
/// quartiles would look the same without it.
fn wide_digits(run: &Runtime) -> Option<usize> {
    let (ratio, (low, high)) = run.requests_ratio.zip(run.requests_quartiles)?;
    let differ = format!("{low:.1}") != format!("{high:.1}");
    (high - low > ratio * WIDE).then_some(if differ { 1 } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_spread_is_marked_and_loses_a_digit() {
        let run = |ratio, low, high| Runtime {
            start_ms: 1.0,
            anonymous_kib: 1,
            resident_kib: 1,
            requests_ratio: Some(ratio),
            requests_quartiles: Some((low, high)),
            clock_ratio: None,
        };
        assert_eq!(requests(&run(0.98, 0.95, 1.01)), "0.98 (0.95–1.01)");
        assert_eq!(ratio(&run(0.98, 0.95, 1.01)).unwrap(), "0.98");
        assert_eq!(requests(&run(0.98, 0.24, 1.01)), "1.0 (0.2–1.0) ⚠");
        assert_eq!(ratio(&run(0.98, 0.24, 1.01)).unwrap(), "1.0 ⚠");
        assert_eq!(requests(&run(0.11, 0.10, 0.14)), "0.11 (0.10–0.14) ⚠");
    }
}
