use seaworthy_config::Mark;
use serde_json::Value;

use crate::preflight::{Facts, Violation};

/// A range with a shorter prefix holds at least half of all addresses.
const MIN_PREFIX: u8 = 2;

/// Rejects ranges that trust nearly every client as a proxy. Such a client could choose the address
/// that limits and logs use (SEC-6).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lists = facts.marked(Mark::TrustedProxies);
    lists
        .filter_map(|(key, setting)| {
            let ranges = setting.value.as_array()?;
            let range = ranges.iter().filter_map(Value::as_str).find(is_too_wide)?;
            Some(Violation {
                id: "SEC-6".into(),
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!(
                    "{range} trusts every client as a proxy, so clients choose the address that limits and logs use"
                ),
                fix: "list only the ranges of your proxies, such as 10.0.0.0/8".to_owned(),
            })
        })
        .collect()
}

fn is_too_wide(range: &&str) -> bool {
    range
        .rsplit_once('/')
        .and_then(|(_, prefix)| prefix.parse::<u8>().ok())
        .is_some_and(|prefix| prefix < MIN_PREFIX)
}
