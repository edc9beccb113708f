use std::borrow::Cow;

use datalogic_rs::DataValue;
use semver::Version;

/// Compares two versions as the operator `sem_ver` does. `None` for malformed input.
pub(super) fn compare(left: &DataValue<'_>, operator: &str, right: &DataValue<'_>) -> Option<bool> {
    let (left, right) = (version(left)?, version(right)?);
    let order = left.cmp_precedence(&right);
    Some(match operator {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "~" => (left.major, left.minor) == (right.major, right.minor),
        "^" => left.major == right.major,
        _ => return None,
    })
}

/// Reads a version. Accepts a prefix `v`, missing parts, and numbers.
fn version(value: &DataValue<'_>) -> Option<Version> {
    let text = match value {
        DataValue::String(text) => Cow::Borrowed(*text),
        DataValue::Number(_) => match value.as_i64() {
            Some(integer) => Cow::Owned(integer.to_string()),
            None => Cow::Owned(value.as_f64()?.to_string()),
        },
        _ => return None,
    };
    let text = text.strip_prefix(['v', 'V']).unwrap_or(&text);
    let core = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(core)?;
    let missing = match core.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    Version::parse(&format!("{core}{missing}{rest}")).ok()
}
