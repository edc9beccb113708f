use serde_json::{Value, json};

/// The keywords that restrict text.
const RESTRICTIONS: [&str; 4] = ["format", "pattern", "enum", "const"];

/// Marks text without restrictions with a format, so that readers and linters can distinguish it
/// from missing restrictions.
pub(super) fn mark_free_text(document: &mut Value) {
    match document {
        Value::Array(values) => values.iter_mut().for_each(mark_free_text),
        Value::Object(members) => {
            members.values_mut().for_each(mark_free_text);
            let is_text = match members.get("type") {
                Some(Value::String(kind)) => kind == "string",
                Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
                _ => false,
            };
            let restricted = RESTRICTIONS.iter().any(|name| members.contains_key(*name));
            if is_text && !restricted {
                members.insert("format".to_owned(), json!("text"));
            }
        }
        _ => {}
    }
}
