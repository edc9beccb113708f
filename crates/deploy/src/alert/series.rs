//! The values of the series in unit tests, which follow the threshold and the duration of an alert.

use super::expression::number;

/// A value relative to the threshold of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Number(u32),
    /// The smallest whole number above the threshold times this factor.
    Above(u32),
    /// The largest whole number that is not above the threshold times this factor.
    AtMost(u32),
}

pub(super) const ABOVE: Level = Level::Above(1);
pub(super) const AT_MOST: Level = Level::AtMost(1);

impl Level {
    fn text(self, threshold: f64) -> String {
        // In floating point, 0.29 * 100 is less than 29, so round before `floor`.
        let at_most = |factor: u32| {
            let scaled = threshold * f64::from(factor);
            ((scaled * 1e9).round() / 1e9).floor()
        };
        number(match self {
            Self::Number(value) => f64::from(value),
            Self::Above(factor) => at_most(factor) + 1.0,
            Self::AtMost(factor) => at_most(factor),
        })
    }
}

/// The values of a series, one per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Constant(Level),
    /// The first level in minute 0, and the second level after it.
    Then(Level, Level),
    /// The first level, with the second level in minute 1.
    Interrupted(Level, Level),
    /// A counter that starts at 0 and grows by this level each minute.
    Growth(Level),
}

impl Values {
    /// Returns the values in the notation of promtool, until the [minute of the
    /// check](check_minute).
    pub(super) fn text(self, threshold: f64, for_minutes: u32) -> String {
        let text = |level: Level| level.text(threshold);
        let minutes = check_minute(for_minutes);
        match self {
            Self::Constant(level) => format!("{}x{minutes}", text(level)),
            Self::Then(first, level) => format!("{} {}x{for_minutes}", text(first), text(level)),
            Self::Interrupted(level, other) => {
                let (level, other) = (text(level), text(other));
                format!("{level} {other} {level}x{for_minutes}")
            }
            Self::Growth(level) => format!("0+{}x{minutes}", text(level)),
        }
    }
}

/// Returns the minute in which a test checks an alert.
///
/// Counters need two samples, so a condition holds from minute 1 at the latest. If it is
/// interrupted in minute 1, it holds for one minute less than the alert requires.
pub(super) fn check_minute(for_minutes: u32) -> u32 {
    for_minutes.saturating_add(1)
}

/// The units of a Prometheus duration in milliseconds, in the order in which a duration has them.
const UNITS: [(&str, u64); 7] = [
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Returns the minutes of a Prometheus duration such as `1h30m`, rounded up.
pub(crate) fn minutes(duration: &str) -> Option<u32> {
    if duration == "0" {
        return Some(0);
    }
    let mut milliseconds = 0_u64;
    let mut units = UNITS.iter();
    let mut rest = duration;
    loop {
        let (value, after) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit())?);
        let end = after.find(|it: char| it.is_ascii_digit());
        let (unit, after) = after.split_at(end.unwrap_or(after.len()));
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        let value: u64 = value.parse().ok()?;
        milliseconds = milliseconds.checked_add(value.checked_mul(*factor)?)?;
        if after.is_empty() {
            return u32::try_from(milliseconds.div_ceil(60_000)).ok();
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_threshold_and_wait_obs_9() {
        for (values, expected) in [
            (Values::Constant(ABOVE), "301x11"),
            (Values::Constant(AT_MOST), "300x11"),
            (Values::Then(Level::Number(0), AT_MOST), "0 300x10"),
            (Values::Interrupted(ABOVE, AT_MOST), "301 300 301x10"),
            (Values::Growth(ABOVE), "0+301x11"),
        ] {
            assert_eq!(values.text(300.0, 10), expected);
        }
        let percent = |level| Values::Constant(level).text(0.29, 0);
        assert_eq!(percent(Level::Above(100)), "30x1");
        assert_eq!(percent(Level::AtMost(100)), "29x1");
    }

    #[test]
    fn durations_of_prometheus_are_read_obs_9() {
        for (duration, expected) in [
            ("0", Some(0)),
            ("0m", Some(0)),
            ("10m", Some(10)),
            ("90s", Some(2)),
            ("1h30m", Some(90)),
            ("1d500ms", Some(1_441)),
            ("", None),
            ("10", None),
            ("m", None),
            ("10 m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("5\u{e4}", None),
            ("99999999999y", None),
        ] {
            assert_eq!(minutes(duration), expected, "{duration:?}");
        }
    }
}
