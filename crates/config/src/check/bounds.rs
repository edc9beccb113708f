use std::{cmp::Ordering, net::IpAddr};

use serde_json::{Number, Value as Json};
use url::Url;

use crate::shape::ScalarShape;

/// Checks ranges, lengths, patterns and formats. The error does not contain the value.
pub(super) fn check(shape: &ScalarShape, json: &Json) -> Result<(), String> {
    match json {
        Json::Number(number) => check_number(shape, number),
        Json::String(text) => check_text(shape, text),
        _ => Ok(()),
    }
}

fn check_number(shape: &ScalarShape, number: &Number) -> Result<(), String> {
    type Holds = fn(Ordering) -> bool;
    let limits: [(_, _, Holds); 4] = [
        (&shape.minimum, "at least", Ordering::is_ge),
        (&shape.maximum, "at most", Ordering::is_le),
        (&shape.above, "above", Ordering::is_gt),
        (&shape.below, "below", Ordering::is_lt),
    ];
    for (bound, limit, holds) in limits {
        if let Some(bound) = bound.as_ref().and_then(Json::as_number)
            && !compare(number, bound).is_some_and(holds)
        {
            return Err(format!("must be {limit} {bound}"));
        }
    }
    match (shape.multiple_of, number.as_f64()) {
        (Some(step), Some(value)) if step > 0.0 && (value / step).fract() != 0.0 => {
            Err(format!("must be a multiple of {step}"))
        }
        _ => Ok(()),
    }
}

fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn check_text(shape: &ScalarShape, text: &str) -> Result<(), String> {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if length == 0 && shape.min_length == Some(1) {
        return Err("must not be empty".to_owned());
    }
    if let Some(min_length) = shape.min_length.filter(|min_length| length < *min_length) {
        return Err(format!(
            "must have at least {min_length} characters, found {length}"
        ));
    }
    if let Some(max_length) = shape.max_length.filter(|max_length| length > *max_length) {
        return Err(format!(
            "must have at most {max_length} characters, found {length}"
        ));
    }
    if !format_holds(shape.format.as_deref(), text) {
        return Err(format!("is not {}", super::scalar::expected(shape)));
    }
    match &shape.pattern {
        // The parsers of the units accept more and have better errors.
        Some(_) if has_own_parser(shape.format.as_deref()) => Ok(()),
        Some(pattern) => match pattern.is_match(text) {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("must match the pattern `{pattern}`")),
            Err(error) => Err(error.to_owned()),
        },
        None => Ok(()),
    }
}

fn has_own_parser(format: Option<&str>) -> bool {
    matches!(format, Some("duration-text" | "byte-size"))
}

/// Checks the formats of plain texts. Other formats belong to types with a parser.
fn format_holds(format: Option<&str>, text: &str) -> bool {
    match format {
        Some("uri" | "url") => Url::parse(text).is_ok(),
        Some("ip") => text.parse::<IpAddr>().is_ok(),
        Some("ipv4") => text.parse::<std::net::Ipv4Addr>().is_ok(),
        Some("ipv6") => text.parse::<std::net::Ipv6Addr>().is_ok(),
        Some("email") => text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        }),
        _ => true,
    }
}
