use serde_json::{Map, Value};

/// Maximum size of a detail, in bytes. An entry has at most 8 KiB, with two such details.
const MAX_DETAIL: usize = 3_000;

/// Returns the fields of an entity for a detail of an audit entry, as JSON. A longer text has only
/// their names.
pub(crate) fn fields_detail(fields: &Map<String, Value>) -> String {
    let text = serde_json::to_string(fields).unwrap_or_default();
    if text.len() <= MAX_DETAIL {
        return text;
    }
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    let mut names = names.join(" ");
    while names.len() > MAX_DETAIL {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn detail_of_a_long_object_has_only_names_obs_11() {
        let detail = |value: Value| fields_detail(value.as_object().unwrap());
        assert_eq!(
            detail(json!({ "goals": "algebra" })),
            r#"{"goals":"algebra"}"#
        );
        let text = "a".repeat(MAX_DETAIL);
        assert_eq!(
            detail(json!({ "about": text, "city": "Pune" })),
            "about city"
        );
        assert_eq!(detail(json!({ (text.repeat(2)): 1 })).len(), MAX_DETAIL);
    }
}
