use std::fmt::Write as _;

use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// Maximum number of seconds: about 10,000 years, the limit of the well-known type.
const MAX_SECONDS: u64 = 315_576_000_000;
const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// `google.protobuf.Duration`: seconds with the suffix `s`.
#[derive(Debug)]
pub struct Duration;

impl Kind for Duration {
    type Value = prost_types::Duration;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &prost_types::Duration, encoder: &mut Encoder) {
        let mixed_signs =
            (value.seconds < 0 && value.nanos > 0) || (value.seconds > 0 && value.nanos < 0);
        // The minimum of a signed type has no positive counterpart.
        let seconds = value.seconds.unsigned_abs();
        let nanos = value.nanos.unsigned_abs();
        if seconds > MAX_SECONDS || nanos >= NANOS_PER_SECOND || mixed_signs {
            encoder.fail("a duration outside 10,000 years");
            return;
        }
        let sign = if value.seconds < 0 || value.nanos < 0 {
            "-"
        } else {
            ""
        };
        let mut text = format!("{sign}{seconds}");
        // Writing to a String cannot fail.
        let _ = match nanos {
            0 => Ok(()),
            _ if nanos.is_multiple_of(1_000_000) => write!(text, ".{:03}", nanos / 1_000_000),
            _ if nanos.is_multiple_of(1_000) => write!(text, ".{:06}", nanos / 1_000),
            _ => write!(text, ".{nanos:09}"),
        };
        text.push('s');
        encoder.text(&text);
    }

    fn is_default(_: &prost_types::Duration) -> bool {
        false
    }
}

impl Leaf for Duration {
    type Value = prost_types::Duration;

    const EXPECTED: &'static str = "a duration such as 1.5s";

    fn text(text: &str) -> Result<prost_types::Duration, Rejection> {
        read(text).ok_or(Rejection::Borrowed(
            "must be a duration in seconds such as 1.5s, within 10,000 years",
        ))
    }
}

impl ParameterKind for Duration {
    fn parameter(text: &str) -> Result<prost_types::Duration, Rejection> {
        Self::text(text)
    }
}

fn read(text: &str) -> Option<prost_types::Duration> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits_only = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits_only(whole) || !digits_only(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: u64 = whole.parse().ok()?;
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    if seconds > MAX_SECONDS || (seconds == MAX_SECONDS && nanos > 0) {
        return None;
    }
    Some(prost_types::Duration {
        seconds: i64::from(sign) * i64::try_from(seconds).ok()?,
        nanos: sign * nanos,
    })
}
