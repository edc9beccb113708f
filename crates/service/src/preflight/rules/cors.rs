use serde_json::Value;

use crate::preflight::{Facts, Violation};

/// Where CORS is on, it names its origins (SEC-2).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lists = facts
        .iter()
        .filter(|(key, _)| key.ends_with("cors.allowed_origins"));
    lists
        .filter_map(|(key, setting)| {
            let enabled = facts.flag(&key.replace(".allowed_origins", ".enabled"));
            let origins = setting.value.as_array().map(Vec::as_slice).unwrap_or_default();
            let why = if origins.iter().any(|origin| origin == &Value::from("*")) {
                "every website may call this service with its visitors' browsers"
            } else if enabled && origins.is_empty() {
                "CORS is on and names no origin, so no browser can use it and somebody will soon put a * here"
            } else {
                return None;
            };
            Some(Violation {
                id: "SEC-2",
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: why.to_owned(),
                fix: "list the origins that may call, such as https://app.example.org".to_owned(),
            })
        })
        .collect()
}
