//! Figures as the documents print them.

use board::units::Bytes;

/// What stands where nothing was measured.
pub const NONE: &str = "–";

/// Rounded up to a tenth: a promise errs to the safe side.
pub fn tenths(value: u64, unit: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let tenths = (value * 10).div_ceil(unit) as f64;
    tenths / 10.0
}

/// By how many percent `now` is more than `before`.
#[allow(
    clippy::cast_precision_loss,
    reason = "sizes stay far below 2^52 bytes"
)]
pub fn percent_more(now: u64, before: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}

/// `-82.4 %`.
pub fn change(now: u64, before: u64) -> String {
    let percent = percent_more(now, before);
    if percent.abs() < 0.05 {
        return "0 %".to_owned();
    }
    format!("{percent:+.1} %")
}

/// `25 %`.
pub fn percent(part: u64, whole: u64) -> String {
    format!("{:.0} %", percent_more(part, whole) + 100.0)
}

/// `1,234`, or the dash.
pub fn bytes(size: Option<impl Into<Bytes>>) -> String {
    size.map_or(NONE.to_owned(), |size| size.into().to_string())
}

/// Values in order.
pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which a part of some sorted values is.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index among some tens"
)]
pub fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    values.get((last as f64 * part).round() as usize).copied()
}

/// To a multiple of `1 / steps`.
pub fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        assert_eq!(change(1_749_216, 6_706_984), "-73.9 %");
        assert_eq!(change(100, 100), "0 %");
        assert_eq!(percent(1, 4), "25 %");
        assert_eq!(bytes(None::<u64>), "–");
    }

    #[test]
    fn a_promise_is_rounded_up() {
        for (value, rounded) in [(6301, 6.4), (6400, 6.4), (6401, 6.5)] {
            assert!((tenths(value, 1000) - rounded).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn what_few_turns_meet_does_not_move_the_median() {
        let mut values = vec![1.0; 9];
        values.extend([40.0, 0.01]);
        let values = sorted(values);
        assert_eq!(quantile(&values, 0.5), Some(1.0));
        assert_eq!(quantile(&values, 1.0), Some(40.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
