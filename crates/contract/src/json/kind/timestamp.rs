use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// The range of RFC 3339: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const NANOS: std::ops::Range<i32> = 0..1_000_000_000;

/// `google.protobuf.Timestamp`: RFC 3339 text.
#[derive(Debug)]
pub struct Timestamp;

impl Kind for Timestamp {
    type Value = prost_types::Timestamp;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &prost_types::Timestamp, encoder: &mut Encoder) {
        if SECONDS.contains(&value.seconds) && NANOS.contains(&value.nanos) {
            encoder.text(&value.to_string());
        } else {
            encoder.fail("a timestamp outside the years 1 to 9999");
        }
    }

    fn is_default(_: &prost_types::Timestamp) -> bool {
        false
    }
}

impl Leaf for Timestamp {
    type Value = prost_types::Timestamp;

    const EXPECTED: &'static str = "a time such as 2026-01-31T09:30:00Z";

    fn text(text: &str) -> Result<prost_types::Timestamp, Rejection> {
        let rejection = || Rejection::Borrowed("must be a time such as 2026-01-31T09:30:00Z");
        if !is_rfc3339(text) {
            return Err(rejection());
        }
        let time: prost_types::Timestamp = text.parse().map_err(|_| rejection())?;
        if SECONDS.contains(&time.seconds) && NANOS.contains(&time.nanos) {
            Ok(time)
        } else {
            Err("must be a time in the years 1 to 9999".into())
        }
    }
}

impl ParameterKind for Timestamp {
    fn parameter(text: &str) -> Result<prost_types::Timestamp, Rejection> {
        Self::text(text)
    }
}

/// Checks the format only. `prost_types` computes the time, but also accepts dates alone, lower
/// case, blanks and leap seconds.
fn is_rfc3339(text: &str) -> bool {
    let shape = |part: &str, pattern: &str| {
        part.len() == pattern.len()
            && part
                .bytes()
                .zip(pattern.bytes())
                .all(|(byte, expected)| match expected {
                    b'0' => byte.is_ascii_digit(),
                    _ => byte == expected,
                })
    };
    let Some((date_and_time, rest)) = text.split_at_checked(19) else {
        return false;
    };
    if !shape(date_and_time, "0000-00-00T00:00:00") || date_and_time.ends_with("60") {
        return false;
    }
    let zone = match rest.strip_prefix('.') {
        None => rest,
        Some(rest) => {
            let zone = rest.trim_start_matches(|character: char| character.is_ascii_digit());
            let digits = rest.len() - zone.len();
            if !(1..=9).contains(&digits) {
                return false;
            }
            zone
        }
    };
    zone == "Z" || shape(zone, "+00:00") || shape(zone, "-00:00")
}
