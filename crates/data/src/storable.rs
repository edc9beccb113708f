use seaworthy_core::is_storable;
use serde_json::Value;

/// Whether all databases can store a JSON document. No text and no name of a field contains the
/// character U+0000.
///
/// ```
/// use seaworthy_data::is_storable_json;
/// use serde_json::json;
///
/// assert!(is_storable_json(&json!({ "name": "Ada" })));
/// assert!(!is_storable_json(&json!(["a\0"])));
/// ```
#[must_use]
pub fn is_storable_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_storable(text),
        Value::Array(items) => items.iter().all(is_storable_json),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_storable(name) && is_storable_json(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_found_in_names_and_texts_sec_3() {
        assert!(is_storable_json(
            &json!({ "a": ["b", 1, null, { "c": "\\u0000" }] })
        ));
        for wrong in [
            json!("\0"),
            json!(["a", "b\0"]),
            json!({ "a": { "\0": 1 } }),
        ] {
            assert!(!is_storable_json(&wrong), "{wrong}");
        }
    }
}
