use serde_json::Value;

use crate::preflight::{Facts, Violation};

/// A range of at least half of all addresses of its family is nobody's list of proxies.
const LEAST_PREFIX: u8 = 1;

/// Who trusts everybody's word on the client's address lets every caller choose the address that limits and logs know it by (SEC-6).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lists = facts
        .iter()
        .filter(|(key, _)| key.ends_with(".trusted_proxies"));
    lists
        .filter_map(|(key, setting)| {
            let ranges = setting.value.as_array()?;
            let range = ranges.iter().filter_map(Value::as_str).find(is_everybody)?;
            Some(Violation {
                id: "SEC-6",
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!("{range} is everybody, so every caller chooses the address that limits and logs know it by"),
                fix: "list the ranges of the proxies alone, such as 10.0.0.0/8".to_owned(),
            })
        })
        .collect()
}

fn is_everybody(range: &&str) -> bool {
    range
        .rsplit_once('/')
        .and_then(|(_, prefix)| prefix.parse::<u8>().ok())
        .is_some_and(|prefix| prefix <= LEAST_PREFIX)
}
