//! Durations of Go code.

use crate::model::Resolution;

/// `10 * time.Second` in seconds.
pub(super) fn seconds(text: &str) -> Resolution<u64> {
    let compact: String = text.split_whitespace().collect();
    let unknown = || Resolution::Unknown(format!("`{text}` is not a literal"));
    let (number, unit) = match compact.split_once('*') {
        Some((left, right)) if right.starts_with("time.") => (left, right),
        Some((left, right)) if left.starts_with("time.") => (right, left),
        None if compact.starts_with("time.") => ("1", compact.as_str()),
        _ => return unknown(),
    };
    let factor = match unit {
        "time.Second" => 1,
        "time.Minute" => 60,
        _ => return unknown(),
    };
    number.parse::<u64>().map_or_else(
        |_| unknown(),
        |number| Resolution::Known(number.saturating_mul(factor)),
    )
}
