use serde_json::{Value, json};

use super::range;
use crate::rules::{FieldRules, Literal, Rule};

const ANY: &str = r"^-?[0-9]{1,11}(\.[0-9]{1,9})?s$";
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Maximum number of seconds: ten thousand years (`google/protobuf/duration.proto`).
const MAX_SECONDS: i128 = 315_576_000_000;

/// Returns the schema of a `google.protobuf.Duration`. Bounds of whole seconds become a pattern,
/// because JSON Schema bounds only numbers.
pub(super) fn schema(rules: &FieldRules) -> Value {
    let bounds = rules
        .rules
        .iter()
        .try_fold((0, MAX_SECONDS), |(low, high), rule| {
            let whole =
                |nanos: &i128| (nanos % NANOS_PER_SECOND == 0).then(|| nanos / NANOS_PER_SECOND);
            match rule {
                Rule::AtLeast(Literal::Duration(nanos)) => Some((whole(nanos)?, high)),
                Rule::AtMost(Literal::Duration(nanos)) => Some((low, whole(nanos)?)),
                _ => None,
            }
        });
    let has_low = rules
        .rules
        .iter()
        .any(|rule| matches!(rule, Rule::AtLeast(_)));
    match bounds {
        Some((low, high)) if has_low && 0 <= low && low <= high => {
            json!({ "type": "string", "pattern": pattern(low, high), "maxLength": 24, "examples": [format!("{low}s")] })
        }
        _ if rules.rules.is_empty() => {
            json!({ "type": "string", "pattern": ANY, "maxLength": 24, "examples": ["1.5s"] })
        }
        _ => json!({ "type": "string", "pattern": ANY, "maxLength": 24 }),
    }
}

/// Returns the pattern of a range. After the upper bound, only a fraction of zeros may follow.
fn pattern(low: i128, high: i128) -> String {
    let last = format!(r"{high}(\.0{{1,9}})?");
    if low == high {
        return format!("^{last}s$");
    }
    let below = range::pattern(low, high - 1);
    let below = below.trim_start_matches('^').trim_end_matches('$');
    format!(r"^({below}(\.[0-9]{{1,9}})?|{last})s$")
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn pattern_matches_durations_of_range_api_4(
            low in 0_i128..5_000,
            size in 0_i128..5_000,
            seconds in 0_i128..12_000,
            nanos in 0_i128..1_000_000_000,
        ) {
            let regex = regex::Regex::new(&pattern(low, low + size)).unwrap();
            let total = seconds * NANOS_PER_SECOND + nanos;
            let inside = (low * NANOS_PER_SECOND..=(low + size) * NANOS_PER_SECOND).contains(&total);
            let text = format!("{seconds}.{nanos:09}s");
            proptest::prop_assert_eq!(regex.is_match(&text), inside, "{}", text);
            let whole = (low..=low + size).contains(&seconds);
            let text = format!("{seconds}s");
            proptest::prop_assert_eq!(regex.is_match(&text), whole, "{}", text);
        }
    }
}
