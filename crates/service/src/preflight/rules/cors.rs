use seaworthy_config::Mark;

use crate::preflight::{Facts, Violation};

/// Requires a list of origins if an operator enabled CORS (SEC-2). A service that enables it by
/// default is closed until an operator lists origins.
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lists = facts.marked(Mark::CorsOrigins);
    lists
        .filter_map(|(key, setting)| {
            let is_enabled = facts.is_enabled_explicitly(key);
            let origins = setting
                .value
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let why = if origins.iter().any(|origin| origin == "*") {
                "every website may call this service with the browsers of its visitors"
            } else if is_enabled && origins.is_empty() {
                "CORS is enabled without an origin, so browsers reject every cross-origin request"
            } else {
                return None;
            };
            Some(Violation {
                id: "SEC-2".into(),
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: why.to_owned(),
                fix: "list the origins that may call, such as https://app.example.org".to_owned(),
            })
        })
        .collect()
}
