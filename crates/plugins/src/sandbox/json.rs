//! JSON of guests. A short text can have many values, and each of them needs far more memory in the
//! host than in the text.

use serde_json::Value;

/// The maximum number of JSON values that one call of a guest passes, with those in lists and
/// objects. This is enough for the data of one request, and needs less than 1 MiB in the host.
pub(crate) const MAX_VALUES: usize = 1_000;
/// The maximum depth of lists and objects: more than a sensible document has.
const MAX_DEPTH: usize = 32;

/// Reads a JSON value. `left` is the number of values that the call may still pass.
///
/// # Errors
/// The text is not valid JSON, is too deep, or has too many values. The error continues a sentence
/// about the value.
pub(crate) fn parse(text: &str, left: &mut usize) -> Result<Value, String> {
    let (values, depth) = measure(text);
    *left = left
        .checked_sub(values)
        .ok_or_else(|| format!("has more than {MAX_VALUES} JSON values"))?;
    if depth > MAX_DEPTH {
        return Err(format!("has more than {MAX_DEPTH} levels"));
    }
    serde_json::from_str(text).map_err(|error| format!("is not valid JSON: {error}"))
}

/// Returns the number of values in a JSON text, rounded up by the empty lists and objects, and its
/// depth. Of other texts both are numbers without a meaning.
fn measure(text: &str) -> (usize, usize) {
    let (mut values, mut depth, mut max_depth) = (1_usize, 0_usize, 0);
    let (mut is_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'[' | b'{' => {
                values += 1;
                depth += 1;
                max_depth = max_depth.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    (values, max_depth)
}

/// Returns the number of values in a JSON value, with those in lists and objects.
pub(crate) fn count(value: &Value) -> usize {
    let inner = match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(object) => object.values().map(count).sum(),
        _ => 0,
    };
    1 + inner
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn values_and_levels_have_a_limit_plug_2() {
        let many = format!("[{}0]", "[],".repeat(MAX_VALUES));
        let mut left = MAX_VALUES;
        let refused = parse(&many, &mut left).unwrap_err();
        assert_eq!(refused, "has more than 1000 JSON values");
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let refused = parse(&deep, &mut left).unwrap_err();
        assert_eq!(refused, "has more than 32 levels");
        let mut left = 5;
        let text = r#"{"a": "[[\"{,", "b": [1]}"#;
        assert_eq!(parse(text, &mut left), Ok(json!({"a": "[[\"{,", "b": [1]})));
        assert_eq!(left, 1);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 6, |inner| {
            let entries = prop::collection::vec((any::<String>(), inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Value::from),
                entries
                    .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn measured_values_are_at_least_the_parsed_ones_plug_2(value in values()) {
            let (measured, _) = measure(&value.to_string());
            prop_assert!(measured >= count(&value), "{}", value);
            prop_assert!(measured <= 2 * count(&value), "{}", value);
        }
    }
}
