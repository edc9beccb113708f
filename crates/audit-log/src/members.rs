use serde_json::{Map, Value};

/// Maximum size of a detail, in bytes. An entry has at most 8 KiB, with two such details.
const MAX_DETAIL: usize = 3_000;

/// Returns members of an entity for a detail of an audit entry, as JSON. A longer text has only their
/// names.
///
/// ```
/// use serde_json::json;
/// use seaworthy_audit_log::members_detail;
///
/// let members = json!({ "goals": "algebra" });
/// let members = members.as_object().unwrap();
/// assert_eq!(members_detail(members), r#"{"goals":"algebra"}"#);
/// ```
#[must_use]
pub fn members_detail(members: &Map<String, Value>) -> String {
    let text = serde_json::to_string(members).unwrap_or_default();
    if text.len() <= MAX_DETAIL {
        return text;
    }
    let names: Vec<_> = members.keys().map(String::as_str).collect();
    let mut names = names.join(" ");
    while names.len() > MAX_DETAIL {
        names.pop();
    }
    names
}
