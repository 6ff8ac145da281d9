//! Today's date.

use std::time::{SystemTime, UNIX_EPOCH};

/// Days in 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// A `SOURCE_DATE_EPOCH` that is not a number of seconds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SOURCE_DATE_EPOCH is `{0}`: set it to seconds since 1970, or unset it")]
pub struct BadEpoch(String);

/// Today in UTC, as in 2026-11-29; with `SOURCE_DATE_EPOCH` set, that day.
///
/// # Errors
///
/// If `SOURCE_DATE_EPOCH` is not a number of seconds.
pub fn today() -> Result<String, BadEpoch> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.trim().parse().map_err(|_| BadEpoch(text.clone()))?,
        // A clock before 1970 was never set.
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
    };
    Ok(date(seconds))
}

/// The date of a number of seconds since 1970, in the proleptic Gregorian calendar: "days to
/// civil" of Howard Hinnant's chrono-compatible date algorithms. Years begin in March, so that
/// the leap day is their last.
fn date(seconds: u64) -> String {
    let days = i64::try_from(seconds / 86_400).unwrap_or(i64::MAX - 719_468) + 719_468;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year_of_era + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_600, "2025-01-01"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), day);
        }
    }
}
