use std::fmt::Write as _;

use seaworthy_config::Mark;
use serde::Serialize;
use serde_json::Value;

use super::Facts;

/// A setting that explicitly allows what production rejects otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Allowance {
    /// The key, such as `flags.allowed_switches`.
    pub key: String,
    /// The value.
    pub value: Value,
    /// The place that set the value.
    pub origin: String,
}

/// Returns the allowances in the settings. Empty lists and `false` allow nothing.
#[must_use]
pub fn allowances(facts: &Facts) -> Vec<Allowance> {
    let allows = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let marked = facts.marked(Mark::Allowance);
    let set = marked.filter(|(_, setting)| allows(&setting.value));
    set.map(|(key, setting)| Allowance {
        key: key.to_owned(),
        value: setting.value.clone(),
        origin: setting.origin.clone(),
    })
    .collect()
}

/// Returns the allowances as text for the terminal. Empty if there are none.
#[must_use]
pub fn allowed(allowances: &[Allowance]) -> String {
    let mut text = String::new();
    for Allowance { key, value, origin } in allowances {
        let _ = writeln!(text, "allowed: {key} = {value}  ({origin})");
    }
    text
}
