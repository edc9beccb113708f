use crate::preflight::{Facts, Violation};

/// A limit that is off, or that opens when its store fails, protects nothing on the day it is needed (RES-6).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, setting) in facts.iter().filter(|(key, _)| key.contains("rate_limit.")) {
        let (why, fix) = if key.ends_with("rate_limit.enabled") && setting.value == false {
            (
                "rate limiting is off, so one caller can take the whole service",
                "set it to true and choose limits",
            )
        } else if key.ends_with("rate_limit.on_failure") && setting.value == "open" {
            (
                "the limiter lets everything through when its store fails",
                "set it to closed, or to local for a bounded fallback",
            )
        } else {
            continue;
        };
        found.push(Violation {
            id: "RES-6",
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: why.to_owned(),
            fix: fix.to_owned(),
        });
    }
    found
}
