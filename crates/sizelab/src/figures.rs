//! Figures as the documents print them.

/// Rounded up to a tenth: a promise errs to the safe side.
pub fn tenths(value: u64, unit: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let tenths = (value * 10).div_ceil(unit) as f64;
    tenths / 10.0
}
