use seaworthy::data::{Database, sql};
use serde_json::Value;

/// Returns the details of the entries of an action in the audit log, in order, and with the actor.
///
/// # Panics
/// The database is not available.
pub async fn audit_entries(database: &Database, action: &str) -> Vec<Value> {
    let text = "SELECT actor, details FROM audit_log WHERE action = ? ORDER BY sequence";
    let rows: Vec<(Option<String>, String)> =
        sql(text).bind(action).fetch_all(database).await.unwrap();
    rows.into_iter()
        .map(|(actor, details)| {
            let mut entry: Value = serde_json::from_str(&details).unwrap();
            let members = entry.as_object_mut().unwrap();
            members.insert("actor".to_owned(), actor.into());
            entry
        })
        .collect()
}

/// Returns a field before and after the write of an entry.
///
/// # Panics
/// The entry has no fields before and after it.
#[must_use]
pub fn audited_change(entry: &Value, member: &str) -> (Value, Value) {
    let of = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).unwrap();
        let members: Value = serde_json::from_str(text).unwrap();
        members.get(member).cloned().unwrap_or_default()
    };
    (of("before"), of("after"))
}
